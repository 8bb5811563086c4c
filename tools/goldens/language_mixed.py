#!/usr/bin/env python3
"""Chains of thought that mix languages, counted by hand: every piece is labelled with its language, `-` for what is no
word (code, formulas, numbers, tags). Chinese, Japanese, Korean and Thai count by character, all else by word. Writes
tests/golden/reward/language_mixed.jsonl. Python 3.11, no packages."""
import json
import pathlib
import unicodedata

CHAINS = [
    ("en", [("en", "First I add the two numbers and then I compare the sum with the target. "),
            ("zh", "然后我检查结果是否正确。"), ("en", "So the answer is right.")]),
    ("zh", [("zh", "首先，我们把两个数相加，得到"), ("-", "47 + 38 = 85"), ("zh", "。"),
            ("en", "Wait, let me check this again. "), ("zh", "结果是正确的，所以答案是"), ("-", "85"), ("zh", "。")]),
    ("en", [("en", "Let us "), ("zh", "计算"), ("en", " the sum of the first ten terms and "), ("zh", "检查"),
            ("en", " whether it is even. The sum is "), ("-", "$55$"), ("en", ", so it is odd.")]),
    ("zh", [("zh", "设未知数为"), ("-", " $x$，"), ("zh", "那么根据题意可得方程"), ("-", " $2x + 3 = 11$。"),
            ("zh", "解方程得到"), ("-", " $x = 4$。"), ("en", "Therefore the answer is four.")]),
    ("ja", [("ja", "まず、りんごの数を数えます。太郎は三個、花子は五個持っています。"),
            ("en", "So together they have eight apples. "), ("ja", "したがって答えは八個です。")]),
    ("ja", [("ja", "この問題は簡単です。数を足して、結果を確かめます。"), ("zh", "这个问题很简单，我们把这些数字加起来就可以了。")]),
    ("ko", [("ko", "먼저 두 수를 더합니다. 그러면 합은 다음과 같습니다."), ("en", " Now I check the result once more. "),
            ("ko", "정답은 맞습니다.")]),
    ("de", [("de", "Zuerst addiere ich die beiden Zahlen und vergleiche die Summe mit dem Ziel. "),
            ("en", "Then I check whether the result is correct. "), ("de", "Das Ergebnis ist also richtig.")]),
    ("en", [("en", "We need to find the number of apples that are left in the basket. "),
            ("de", "Wir ziehen also die gegessenen Äpfel von der Gesamtzahl ab. "),
            ("en", "That gives us the final answer to the question.")]),
    ("fr", [("fr", "Je commence par calculer la somme des deux nombres, puis je vérifie le résultat. "),
            ("en", "The result is larger than the target, so I subtract the smaller number. "),
            ("fr", "Donc la réponse est correcte.")]),
    ("es", [("es", "Primero sumamos los dos números y después comprobamos el resultado. "),
            ("en", "Let me think about this step again because something seems to be wrong. "),
            ("es", "Por lo tanto la respuesta es correcta.")]),
    ("pt", [("pt", "Primeiro vamos somar os dois números e depois verificar se o resultado está certo. "),
            ("es", "Entonces la respuesta es la suma de los números que hemos encontrado antes. "),
            ("pt", "Portanto não há outra solução.")]),
    ("it", [("it", "Prima di tutto calcoliamo la somma dei due numeri e poi controlliamo il risultato. "),
            ("fr", "Ensuite nous comparons cette somme avec le nombre que nous cherchons. "),
            ("it", "Quindi la risposta è giusta.")]),
    ("ru", [("ru", "Сначала сложим два числа и сравним сумму с целью. "),
            ("en", "The sum is too large, so we try another way. "), ("ru", "Значит, ответ найден и он верный.")]),
    ("ru", [("ru", "Теперь нужно проверить, что это решение подходит под все условия задачи. "),
            ("uk", "Якщо відповідь не підходить, то треба шукати ще один спосіб, який буде простішим. "),
            ("ru", "Это решение подходит.")]),
    ("ar", [("ar", "أولا نجمع العددين ثم نقارن المجموع بالهدف المطلوب. "),
            ("en", "The sum equals the target, so we are done. "), ("ar", "إذن الجواب صحيح.")]),
    ("vi", [("vi", "Trước hết, chúng ta cộng hai số này lại với nhau và kiểm tra kết quả. "),
            ("en", "This is exactly what we wanted to show. "), ("vi", "Vậy đáp án là đúng.")]),
    ("en", [("en", "I will write a small function that adds both numbers.\n"),
            ("-", "```python\ndef suma(primero, segundo):\n    return primero + segundo  # devuelve la suma\n```\n"),
            ("en", "It returns the sum, which is what the task asks for. "),
            ("es", "Esto es todo lo que hay que hacer aquí.")]),
    ("en", [("en", "The equation is "), ("-", "\\(a^2 + b^2 = c^2\\)"), ("en", " and with "), ("-", "$a = 3$"),
            ("en", " and "), ("-", "$b = 4$"), ("en", " we get "), ("-", "\\[c = \\sqrt{9 + 16} = 5\\]"),
            ("zh", "所以斜边的长度是五。")]),
    ("zh", [("en", "Okay, so the user wants to know how many ways there are. "), ("zh", "我们可以用组合数来计算："),
            ("-", "$\\binom{5}{2} = 10$"), ("zh", "。因此一共有十种方法。")]),
    ("th", [("th", "ก่อนอื่นเราบวกเลขสองตัวนี้เข้าด้วยกัน"), ("en", " and the answer is ten "), ("th", "ดังนั้นคำตอบถูกต้อง")]),
    ("hi", [("hi", "पहले हम दोनों संख्याओं को जोड़ते हैं और फिर परिणाम की जाँच करते हैं। "),
            ("en", "The result is correct. "), ("hi", "इसलिए उत्तर सही है।")]),
    ("el", [("el", "Πρώτα προσθέτουμε τους δύο αριθμούς και μετά ελέγχουμε το αποτέλεσμα. "),
            ("en", "It is the same as before.")]),
    ("en", [("-", "<think>"), ("en", "We know that the train leaves at noon and arrives three hours later. "),
            ("zh", "火车的速度是每小时六十公里"), ("en", ", which means that the distance is one hundred eighty. "),
            ("en", "Great, that matches the picture."), ("-", "</think>\n<answer>180</answer>")]),
    ("de", [("de", "Also, "), ("en", "wait a second, this does not look right. "),
            ("de", "Ich rechne noch einmal nach: die Summe der Ziffern ist neun, und deshalb ist die Zahl durch neun teilbar. "),
            ("en", "Nice, so that works.")]),
    ("es", [("zh", "我先看一下题目的条件。"), ("es", "El tren sale a las ocho de la mañana y llega a mediodía, así que el "
                                                  "viaje dura cuatro horas.")]),
    ("fr", [("fr", "Il faut d'abord lire l'énoncé : le train part à huit heures et arrive à midi, donc le voyage dure "
                   "quatre heures.")]),
    ("en", [("fr", "Il faut d'abord lire l'énoncé : le train part à huit heures et arrive à midi, donc le voyage dure "
                   "quatre heures.")]),
    ("en", [("en", "See "), ("-", "https://example.org/la-casa-de-los-libros"), ("en", " and call "),
            ("-", "`calcular_total()`"), ("en", " for "), ("-", "x1 = 5"), ("en", " to get the total. "),
            ("de", "Danach vergleichen wir das Ergebnis mit der Tabelle.")]),
    ("nl", [("nl", "Eerst tellen we de twee getallen bij elkaar op en daarna vergelijken we de som met het doel. "),
            ("en", "The sum is smaller than we thought.")]),
    ("de", [("de", "Ich glaube, dass "), ("en", "the number of remaining apples"), ("de", " genau zwölf sein muss, weil wir "),
            ("en", "three of them"), ("de", " schon gegessen haben.")]),
    ("es", [("es", "Vamos a calcular el resultado "), ("en", "because we already know the first number"),
            ("es", " y el segundo es cinco.")]),
    ("zh", [("zh", "我们使用"), ("en", " bubble sort "), ("zh", "来排序这个"), ("en", " list"), ("zh", "，然后用"),
            ("en", " binary search "), ("zh", "找到目标。")]),
    ("en", [("en", "The French say "), ("fr", "je ne sais pas ce que vous voulez dire"), ("en", " when they do not understand.")]),
]
BY_CHARACTER = {"zh", "ja", "ko", "th"}


def count(language: str, text: str) -> int:
    if language in BY_CHARACTER:
        return sum(unicodedata.category(c)[0] == "L" for c in text)
    stripped = ("".join(c for c in word if unicodedata.category(c)[0] in "LM") for word in text.split())
    return sum(bool(word) for word in stripped)


def main():
    out = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/reward/language_mixed.jsonl"
    with out.open("w") as f:
        for target, pieces in CHAINS:
            counts = [(language, count(language, text)) for language, text in pieces if language != "-"]
            line = {"target": target, "right": sum(n for language, n in counts if language == target),
                    "all": sum(n for _, n in counts), "text": "".join(text for _, text in pieces)}
            f.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
