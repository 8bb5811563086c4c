"""Conversations for chat_template.py: what real templates branch on."""


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Today's weather <at> a \"place\".",
    "parameters": {"type": "object", "properties": {
        "city": {"type": "string", "description": "Größe & Ort"}, "unit": {"type": "string", "enum": ["C", "F"]},
        "days": {"type": "integer", "default": 1}}, "required": ["city"]}}}
CLOCK = {"type": "function", "function": {"name": "clock", "description": "Time.", "parameters": {"type": "object", "properties": {}}}}


def call(name, arguments, id="call_12345"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


USED = [user("Weather in Köln?"),
        assistant("", tool_calls=[call("get_weather", {"city": "Köln", "days": 2, "ok": True, "x": None})]),
        {"role": "tool", "name": "get_weather", "tool_call_id": "call_12345", "content": "{\"temp\": 21.5}"}]
CLOSED = {"add_generation_prompt": False}

CONVERSATIONS = [
    {"name": "user", "messages": [user("Hi")]},
    {"name": "system", "messages": [system("You are terse."), user("  Hi there  \n")]},
    {"name": "turns", "messages": [user("a"), assistant("b"), user("c"), assistant("d"), user("e")]},
    {"name": "closed", "messages": [system("S"), user("a"), assistant("b"), user("c"), assistant("d\n")], "options": CLOSED},
    {"name": "empty content", "messages": [user(""), assistant(""), user("")]},
    {"name": "no messages", "messages": []},
    {"name": "unicode", "messages": [user("Grüße 世界 🎉\u200b<|im_end|>"), assistant("<b>&amp;</b> \"q\" 'x'")], "options": CLOSED},
    {"name": "assistant last", "messages": [user("a"), assistant("prefill")]},
    {"name": "two users", "messages": [user("a"), user("b")]},
    {"name": "assistant first", "messages": [assistant("b"), user("a")]},
    {"name": "system late", "messages": [user("a"), system("S"), user("b")]},
    {"name": "unknown role", "messages": [{"role": "critic", "content": "x"}]},
    {"name": "thinking", "messages": [user("a"), assistant("<think>\nwhy\n</think>\n\nbecause"), user("b"), assistant("<think>hm</think>so")], "options": CLOSED},
    {"name": "reasoning", "messages": [user("a"), assistant("because", reasoning_content="why"), user("b"), assistant("so", reasoning_content="\nhm\n")], "options": CLOSED},
    {"name": "thinking key", "messages": [user("a"), assistant("b", thinking="t")], "options": CLOSED},
    {"name": "thinking off", "messages": [user("a")], "options": {"variables": {"enable_thinking": False}}},
    {"name": "thinking on", "messages": [system("S"), user("a")], "options": {"variables": {"enable_thinking": True, "date_string": "1 Jan 2030", "reasoning_effort": "high"}}},
    {"name": "tools", "messages": [user("Weather?")], "options": {"tools": [WEATHER, CLOCK]}},
    {"name": "tools system", "messages": [system("S"), user("Weather?")], "options": {"tools": [WEATHER]}},
    {"name": "tool used", "messages": USED, "options": {"tools": [WEATHER]}},
    {"name": "tool done", "messages": [system("S"), *USED, assistant("21.5 degrees.")], "options": {"tools": [WEATHER, CLOCK], **CLOSED}},
    {"name": "tool calls", "messages": [user("both"), assistant("Sure", tool_calls=[call("clock", {}), call("get_weather", {"city": "X"}, "call_67890")]),
                                        {"role": "tool", "name": "clock", "content": "12:00"}, {"role": "tool", "name": "get_weather", "content": "sun"}], "options": {"tools": [CLOCK, WEATHER]}},
    {"name": "arguments text", "messages": [user("x"), assistant(None, tool_calls=[call("clock", "{\"a\": 1}")]), {"role": "tool", "content": "ok"}], "options": {"tools": [CLOCK]}},
    {"name": "parts", "messages": [{"role": "user", "content": [{"type": "text", "text": "see"}, {"type": "image"}, {"type": "text", "text": " this"}]}, {"role": "assistant", "content": [{"type": "text", "text": "ok"}]}], "options": CLOSED},
    {"name": "none content", "messages": [user("a"), {"role": "assistant", "content": None}]},
    {"name": "no content", "messages": [{"role": "user"}]},
    {"name": "documents", "messages": [user("a")], "options": {"documents": [{"title": "T", "text": "body"}]}},
]
