// Short frequent words of the languages that share the Latin or Cyrillic letters: what tells them apart in short
// sentences, where letter statistics say little.
#pragma once

#include <string_view>

namespace hone {

struct FunctionWords {
  std::string_view language;
  std::string_view words;  // lower case, one blank between them
};

inline constexpr FunctionWords kFunctionWords[] = {
    {"en",
     "the of a an and to in is that it for was on are as with his they at be this from have or by one had not but what "
     "all "
     "were we when your can said there use each which she do how their if will up other about out many then them "
     "these so some her would make like him into has look two more go see no could my than first been who its now "
     "did get come may i you he me our let let's us because since therefore thus hence must should also only just "
     "wait okay ok here where does doesn't don't isn't it's i'm that's we're i'll need find means both any very well "
     "again too much why yes while still after before over know think so"},
    {"de",
     "der die das und ist in den von zu mit sich auf für nicht ein eine einen einem einer eines als auch es an werden "
     "aus er hat dass daß sie nach wird bei noch wie über so zum war haben nur oder aber vor zur bis mehr durch man "
     "sein wurde sei hatte kann gegen vom können schon wenn habe ihre dann unter wir soll ich du uns mir mich dir ihr "
     "ihm ihn wer was wo warum also jetzt hier dort weil denn doch sehr alle jede jeder jedes beide muss müssen "
     "zuerst damit davon daraus dies diese dieser dieses diesen sind im am beim ja nein kein keine mal zwei drei"},
    {"fr",
     "le la les a de des du un une et est en que qui dans pour pas sur avec au aux ce se il elle ils elles sont plus "
     "par "
     "je ne ou son sa ses mais nous vous on comme leur y été être avoir fait tout cette ces si même où donc alors car "
     "parce très bien aussi sans deux était d'un d'une c'est qu'il qu'on n'est j'ai cela ça peut faut quel quelle ont "
     "entre après avant puis chaque notre votre mon ma mes peu trop encore ici là oui non lui dont"},
    {"es",
     "el la los las a al de del y en que es un una por con no para su lo como más mas o pero sus le ha me si sin sobre "
     "este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué sólo "
     "solo han yo hay vez puede todos así nos ni parte tiene él uno donde bien tiempo mismo ese ahora cada e vida otro "
     "después te otros aunque esa eso hace otra gobierno tan durante siempre día tanto ella tres sí dijo sido según "
     "menos mundo antes estos algo entonces luego pues unos unas esto estas aquí cual se ellos les hemos tenemos "
     "vamos"},
    {"pt",
     "o a os as de do da dos das e em no na nos nas que é um uma por com não para se mais como mas ao ele sua ou ser "
     "quando muito há já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem me "
     "esse eles estão você tinha foram essa num nem suas meu às minha têm numa pelos elas havia seja qual será nós "
     "tenho lhe deles essas esses pelas este fosse dele tu te vocês vos são então porque assim agora aqui cada dois "
     "duas tudo isto foi à sobre onde ainda bem seu pode vamos"},
    {"it",
     "il lo la i gli le a di del della dei delle dello e è in che un una uno per con non si da dal dalla al alla ai "
     "alle "
     "sono come più ma anche nel nella nei nelle sul sulla su ha se o questo questa quello quella cui suo sua ci mi "
     "ti ne solo tutto tutti essere era stato hanno perché quando dopo prima molto poi già fra tra ogni due fatto "
     "così ed c'è quindi allora ora qui lì chi cosa dove noi voi lei lui io abbiamo degli agli dagli dell'"},
    {"nl",
     "de het een en van ik te dat die in is niet met op voor zijn er maar om hem dan zou of wat mijn men dit zo door "
     "over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze u want nog zal me zij nu ge "
     "geen omdat iets worden toch al waren veel meer doen toen moet ben zonder kan hun dus alles onder ja werd wezen "
     "zelf tegen komt goed hier wie waarom we wij"},
    {"sv",
     "och det att i en jag hon som han på den med var sig för så till är men ett om hade de av icke mig du henne då "
     "sin nu har inte hans honom skulle hennes där min man ej vid kunde något från ut när efter upp vi dem vara vad "
     "över än dig kan sina här ha mot alla under någon eller allt mycket sedan ju denna själv detta"},
    {"ru",
     "и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее её мне было вот от "
     "меня еще ещё нет о из ему теперь когда даже ну ли если уже или ни быть был него до вас опять вам ведь там "
     "потом себя ничего ей может они тут где есть надо ней для мы тебя их чем была сам чтоб без будто чего раз тоже "
     "себе под будет тогда кто этот того потому этого какой здесь этом один почти мой тем чтобы это эти эта были при"},
    {"uk",
     "і в у не що він на я з як а то все вона так його але та ти до ж ви за б по тільки її мені було від ще немає о із "
     "йому коли навіть чи якщо вже або ні бути був нього вас вам там потім себе може вони тут де є треба для ми тебе "
     "їх ніж була сам без щоб це цей ця ці цього який яка які"},
    {"bg",
     "и в на не се да за от с по е са че до като го от при ще си това който която които му или а във са само след към "
     "един една има тя той те беше ни какво как но ако може още със му я бе този тази"},
    {"sr",
     "и у на је се да за од са по не су као до али о који која које из то ће би он она они бити што или код због след "
     "при само још већ није када био била"},
};

/// Letters that only some of those languages have.
struct TellingLetters {
  std::u32string_view letters;
  std::string_view languages;  // one blank between them
};

inline constexpr TellingLetters kTellingLetters[] = {
    {U"ñ¿¡", "es"},        {U"ãõ", "pt"},   {U"ß", "de"},      {U"äö", "de sv"}, {U"ü", "de"},
    {U"œêîû", "fr"},       {U"ç", "fr pt"}, {U"ìò", "it"},     {U"å", "sv"},     {U"ыэё", "ru"},
    {U"яюьй", "ru uk bg"}, {U"іїєґ", "uk"}, {U"јљњђћџ", "sr"},
};

}  // namespace hone
