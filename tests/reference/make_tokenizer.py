#!/usr/bin/env python3
"""Trains a small SentencePiece model with T5's settings and records token ids of many prompts.

    python tests/reference/make_tokenizer.py                         (tests/reference/requirements.txt)
    OTHER/bin/python tests/reference/make_tokenizer.py --slow        (requirements-slow-tokenizer.txt)

The first writes tests/data/tokenizer/ (the files that a PixArt checkpoint has, no tokenizer.json) and tests/data/tokenizer.json with
the ids that transformers 5 gives. The second adds the ids of transformers 4's T5Tokenizer, which runs SentencePiece itself, as the
checkpoints were published with. Where the two differ, "ids" are the latter's and "fast_ids" the former's.
"""

import argparse
import contextlib
import json
import random
import shutil
import tempfile
from pathlib import Path

import sentencepiece
import transformers

DATA = Path(__file__).resolve().parents[1] / "data"
FOLDER = DATA / "tokenizer"
GOLDEN = DATA / "tokenizer.json"
PIECES = 2000
MAX_LENGTH = 300

# ---------------------------------------------------------------------------------------------------------------- the corpus

TEMPLATES = [
    # who, does what, where, in what manner
    (
        "{} {} {}, {}.",
        "a red fox|an old lighthouse|two children|the captain|a paper boat|my grandmother's teapot|a robot gardener|seven swans|"
        "an astronaut|the last train|a quiet library|Oliver's bicycle|a glass city|three clay pots|the northern wind",
        "waits|is sleeping|travels slowly|was painted|shines brightly|keeps watch|had been forgotten|grows|sings softly|is reflected",
        "under a bridge|in the harbour at dawn|on top of a snowy mountain|inside the greenhouse|between tall buildings|near the river|"
        "across an empty desert|beside the window|at the edge of the forest|behind a waterfall",
        "watercolour on rough paper|highly detailed, soft light|8k photograph, shallow depth of field|flat vector style|"
        "cinematic lighting, 35mm film|oil painting with thick strokes|isometric view|pencil sketch, 1920s|black & white (high contrast)",
    ),
    (
        "{} {} {}; {}.",
        "ein roter Fuchs|der alte Leuchtturm|zwei Kinder|die Großmutter|ein gläsernes Schloss|das Mädchen mit dem Regenschirm",
        "wartet|schläft|reist langsam|leuchtet|wurde vergessen|wächst|spiegelt sich",
        "unter der Brücke|im Hafen bei Morgengrauen|auf dem verschneiten Gipfel|zwischen hohen Häusern|am Rande des Waldes",
        "Ölgemälde|weiches Licht|Bleistiftskizze|Schwarzweißfotografie|für später aufbewahrt",
    ),
    (
        "{} {} {} : {}.",
        "un renard roux|l'ancien phare|deux enfants|la dernière gare|le château de verre|une théière bleue|l'été",
        "attend|dort|voyage lentement|brille|fut oublié|se reflète",
        "sous le pont|à l'aube dans le port|au sommet de la montagne enneigée|derrière une cascade|près du fleuve",
        "aquarelle sur papier|lumière douce, très détaillé|peinture à l'huile|croquis au crayon|où ça ?",
    ),
    (
        "{} {} {}, {}!",
        "o vulpe roșie|vechiul far|doi copii|ultimul tren|orașul de sticlă|bunica",
        "așteaptă|doarme|călătorește încet|strălucește|crește",
        "sub pod|în port, în zori|pe vârful muntelui înzăpezit|lângă fereastră|la marginea pădurii",
        "acuarelă|lumină blândă|pictură în ulei|schiță în creion",
    ),
    (
        "¿{} {} {}, {}?",
        "un zorro rojo|el viejo faro|dos niños|la última estación|una ciudad de cristal|mañana",
        "espera|duerme|viaja despacio|brilla|creció",
        "bajo el puente|en el puerto al amanecer|sobre la montaña nevada|detrás de la cascada",
        "acuarela|luz suave|pintura al óleo|boceto a lápiz",
    ),
    (
        "{} {} {}, {}.",
        "рыжая лиса|старый маяк|двое детей|последний поезд|стеклянный город|бумажный кораблик",
        "ждёт|спит|медленно едет|ярко светит|растёт|отражается",
        "под мостом|в гавани на рассвете|на снежной вершине|за водопадом|у окна",
        "акварель|мягкий свет|масляная живопись|карандашный набросок",
    ),
    (
        "{} {} {}, {}.",
        "μια κόκκινη αλεπού|ο παλιός φάρος|δύο παιδιά|το τελευταίο τρένο",
        "περιμένει|κοιμάται|ταξιδεύει αργά|λάμπει",
        "κάτω από τη γέφυρα|στο λιμάνι την αυγή|πάνω στο χιονισμένο βουνό",
        "ακουαρέλα|απαλό φως|ελαιογραφία|σκίτσο με μολύβι",
    ),
]
SYMBOLS = list("0123456789.,;:!?'\"()-/&%$#@+=*[]_|") + ["...", "--", "§", "°", "€", "£", "–", "“", "”", "’", "×", "½", "©"]


def corpus(path):
    random.seed(2023)
    with open(path, "w", encoding="utf-8") as file:
        for _ in range(12000):
            # English leads, as in T5's own corpus.
            template, *slots = TEMPLATES[0] if random.random() < 0.4 else random.choice(TEMPLATES)
            line = template.format(*(random.choice(slot.split("|")) for slot in slots))
            chance = random.random()
            if chance < 0.15:
                line = f"{line} {random.choice(SYMBOLS)} {random.randrange(4000)}{random.choice(SYMBOLS)}"
            elif chance < 0.25:
                line = line.title()
            elif chance < 0.3:
                line = line.upper()
            file.write(line + "\n")


def train(folder):
    # Names without a path: the model keeps them, and is to be the same file each time.
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        corpus("corpus.txt")
        sentencepiece.SentencePieceTrainer.train(
            input="corpus.txt",
            model_prefix="spiece",
            model_type="unigram",
            vocab_size=PIECES,
            hard_vocab_limit=True,
            normalization_rule_name="nmt_nfkc",
            character_coverage=0.9995,
            byte_fallback=False,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            num_threads=1,  # sums in one order
            minloglevel=2,
        )
        shutil.copy("spiece.model", folder / "spiece.model")


# --------------------------------------------------------------------------------------------------------------- the folders

SENTINELS = [f"<extra_id_{k}>" for k in range(100)]


def added_token(content, strip):
    return {"content": content, "lstrip": strip, "normalized": False, "rstrip": strip, "single_word": False, "special": True}


def special_names():
    return {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


def tokenizer_config():
    """As transformers 4.34 and later save it: every special token with its id and its flags."""
    added = {str(i): added_token(content, False) for i, content in enumerate(["<pad>", "</s>", "<unk>"])}
    added |= {str(PIECES + 99 - k): added_token(content, True) for k, content in reversed(list(enumerate(SENTINELS)))}
    return {
        "added_tokens_decoder": added,
        "additional_special_tokens": SENTINELS,
        "clean_up_tokenization_spaces": True,
        **special_names(),
        "extra_ids": 100,
        "legacy": True,
        "model_max_length": 512,
        "sp_model_kwargs": {},
        "tokenizer_class": "T5Tokenizer",
    }


def special_tokens_map():
    return {
        "additional_special_tokens": SENTINELS,
        **{name: {k: v for k, v in added_token(content, False).items() if k != "special"} for name, content in special_names().items()},
    }


def odd_config():
    """Flags and contents that T5 does not use and a fine-tuned checkpoint may."""
    config = tokenizer_config()
    for index, token in enumerate(
        [
            dict(added_token("<style>", False), lstrip=True),
            dict(added_token("<style> two", False), rstrip=True),
            dict(added_token("word", False), single_word=True),
            dict(added_token("étoile", False), special=False),
        ]
    ):
        config["added_tokens_decoder"][str(PIECES + 100 + index)] = token
    return config


# What else a folder may hold beside spiece.model; each has prompts of its own in the golden file.
VARIANTS = {
    "current": {"tokenizer_config.json": tokenizer_config(), "special_tokens_map.json": special_tokens_map()},
    "model_alone": {},
    "before_4_34": {  # no flags saved: white space around sentinels stays
        "tokenizer_config.json": {**special_names(), "extra_ids": 100, "model_max_length": 512, "tokenizer_class": "T5Tokenizer"},
        "special_tokens_map.json": {**special_names(), "additional_special_tokens": SENTINELS},
        "added_tokens.json": {content: PIECES + 99 - k for k, content in reversed(list(enumerate(SENTINELS)))},
    },
    "odd_flags": {"tokenizer_config.json": odd_config()},
}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")


def write_folder(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        write(folder / name, value)


# --------------------------------------------------------------------------------------------------------------- the prompts

PLAIN = """
a red fox waits under a bridge
A Red Fox Waits Under A Bridge
A SMALL CACTUS WITH A HAPPY FACE IN THE SAHARA DESERT
an astronaut riding a horse on mars, 8k, highly detailed
watercolour on rough paper; soft light: a teapot
x
.
...
a.b.c
1234567890 3.14 1,000,000 50% $20 #1 @home
snake_case and kebab-case and CamelCase
"quoted" 'single' `back` (round) [square] {curly} <angle> ^caret ~tilde \\back\\slash |bar|
https://example.org/a/b?c=d&e=f#g
name@example.org
don't can't it's o'clock
supercalifragilisticexpialidocious antidisestablishmentarianism
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
der Fuchs wartet unter der Brücke; Straße, Größe, Äpfel, Öl, Übermut
STRASSE straße STRAẞE
le château de l'été où ça brille, cœur, œuvre, naïve, Noël
¿dónde está el niño? ¡mañana!
o vulpe roșie așteaptă în pădure; ţară ţ ș
рыжая лиса ждёт под мостом
старый МАЯК ярко светит
її ґанок і єнот, ўсё
μια κόκκινη αλεπού περιμένει
ΟΔΥΣΣΕΥΣ οδυσσεύς
zażółć gęślą jaźń
příliš žluťoučký kůň úpěl ďábelské ódy
árvíztűrő tükörfúrógép
ışık İstanbul ılık
tiếng Việt có dấu thanh
一只狐狸在桥下等待
橋の下で待つ狐、カタカナとひらがな
ｶﾀｶﾅ ﾊﾝｶｸ ｶﾞｷﾞｸﾞ
다리 아래에서 기다리는 여우
한글 자모: ㄱㄴㄷ ㅏㅑ
ثعلب أحمر ينتظر تحت الجسر
שועל אדום מחכה מתחת לגשר
هٰذَا نَصٌّ مُشَكَّلٌ
पुल के नीचे एक लोमड़ी
สุนัขจิ้งจอกรออยู่ใต้สะพาน
ხიდის ქვეშ მელა
կամրջի տակ աղվես
ድልድይ ስር ቀበሮ
ᚠᚢᚦᚨᚱᚲ runes
𐍈𐌰𐌽 gothic 𝒻𝓇𝒶𝓀𝓉𝓊𝓇 𝔄𝔅ℭ 𝟙𝟚𝟛
a fox狐fox ждёт狐狸狐狸 b
ﬁre ﬂame ﬀ ﬃ ﬄ ﬆ
ＦＵＬＬＷＩＤＴＨ　ｔｅｘｔ　１２３！
㎏ ㎡ ㏒ № ℡ ™ ℠ ㍿ ㌔
½ ¼ ¾ ⅓ ⅞ x² x³ H₂O 10⁻⁶
① ② ⑩ ⑳ Ⅳ ⅷ Ⓐ ⓩ
… ‥ ․ ‼ ⁇ ⁉
é é ñ ñ Å Å Å
q̣̇ q̣̇ a͡b z̷a̷l̷g̷o̷
Ω Ω K K µ μ
ſ ẛ ẞ ŉ ǆ ǈ ĳ
‐ ‑ ‒ – — ― − ﹣ －
‘single’ “double” „low“ «angle» ‹one›
€ £ ¥ ¢ ₽ ₹ ₿ § ¶ † ‡ • ° ± × ÷
← ↑ → ↓ ⇒ ∀ ∃ ∑ ∫ √ ∞ ≠ ≤
♠ ♥ ♦ ♣ ★ ☆ ☀ ☁ ☂ ☃
😀 😂 🥰 🤖
a 🦊 under a 🌉 at 🌅
👍🏻 👍🏽 👍🏿 👋🏾
👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🧑‍💻
🇩🇪 🇫🇷 🇯🇵🇺🇸 🏴󠁧󠁢󠁥󠁮󠁧󠁿
❤️ ❤ ☎︎ ☎️ 1️⃣ #️⃣
fox🦊fox 🦊🦊🦊fox
⠓⠑⠇⠇⠕ braille ☯ ☮ ⚛
▁under▁score ▁ ▁▁ a▁b
a _ b __ c ___ d
""".strip().split("\n")

SPACES = [
    "", " ", "  ", "\t", "\n", "\r\n", " \t\r\n ", "\u00a0", "\u3000", "\u2003\u2009", "\u200b", "\ufeff", "\u00ad", "\u2028\u2029",
    " a", "a ", "  a  ", "a  b", "a   b    c", "a\tb", "a\nb", "a\r\nb", "\na red\n\nfox\n", "\ta\t\tfox", "a \t \n fox",
    "a\u00a0fox", "a \u00a0 fox", "\u00a0a fox\u00a0", "a\u3000fox", "a\u2003fox\u2009waits\u202funder", "a\u205fb\u1680c\u180ed",
    "a\u200bfox", "a\u200c\u200dfox", "a\u2060fox", "\ufeffa fox", "a\ufefffox", "a\u00adfox", "a\u2028fox\u2029waits", "a\x85fox",
    "a\x0bfox\x0cwaits", "a\x1cfox\x1dwaits\x1eunder\x1f.", "a\x00fox", "\x00", "\x00a\x00", "a\x01fox\x02", "a\x07\x08fox", "a\x7ffox",
    "a\x1b[31mfox\x1b[0m", "a\x80fox\x9fwaits", "a \x00 fox", "a \x01 fox", "a \u200b fox", "\u200ba fox\u200b", "a\u0001\u0002 b",
    "\u200e\u05e9\u05d5\u05e2\u05dc\u200f fox", "\u202eabc\u202c", "\u2066a\u2069", "a\u034fb", "\ue000\uf8ff private \U000f0000", "\ufffd",
    "a\ufffdfox \ufffd\ufffd", "\ufffe\uffff a", "\u0378 unassigned \U000e0fff", "\U0010ffff", "e\u0301 \u0301e \u0301", "\u0300", " \u0300a",
    "\u0e33 \u0eb3", "\u1e9b\u0323", "\ufdfa", "\ufb1d\ufb2a", "\u0958\u09dc", "\u2126\u212b", "\uac00\u1100\u1161\u11a8", "\U0001d15e",
]  # fmt: skip

SPECIALS = [
    "</s>", "<pad>", "<unk>", "<s>", "<extra_id_0>", "<extra_id_99>", "<extra_id_100>", "<extra_id_1>", "<extra_id_10>", "<extra_id_01>",
    "<extra_id_", "<extra_id_>", "<extra_id_0", "extra_id_0>", "<<extra_id_0>>", "<EXTRA_ID_0>", "<Pad>", "</S>", "</ s>", "< pad>",
    "a </s>", "a</s>", "</s> a", "</s>a", "a </s> b", "a</s>b", "a  </s>  b", "a </s> ", " </s>", "</s> ", " </s> ", "</s></s>",
    "</s> </s>", "a</s></s>", "a </s> </s> b", "</s>\n", "\t</s>", "a\u00a0</s>\u00a0b", "a\u200b</s>\u200bb",
    "a <pad> b", "a<pad>b", "<pad>a", "a<pad>", "<pad><pad>", " <pad> ", "a <unk> b", "a<unk>b", "<unk><unk>", "<unk> a", "a <unk>",
    "a <extra_id_0> b", "a<extra_id_0>b", "a  <extra_id_0>  b", " <extra_id_0> ", "<extra_id_0>a", "a<extra_id_0>", "<extra_id_0> a",
    "a <extra_id_0>", "<extra_id_0><extra_id_1>", "<extra_id_0> <extra_id_1>", "a <extra_id_0> <extra_id_1> b", "<extra_id_0>\n\nb",
    "a\t<extra_id_0>\tb", "a\u00a0<extra_id_0>\u00a0b", "a\u3000<extra_id_0>\u3000b", "a\x1c<extra_id_0>\x1fb", "a\x85<extra_id_0>\x85b",
    "a\u200b<extra_id_0>\u200bb", "a\u2028<extra_id_5>\u2029b", "a <extra_id_12>,<extra_id_3>. b", "<extra_id_0> </s> <extra_id_1>",
    "</s> <extra_id_0> </s>", "a <extra_id_0>  </s>", "<pad> <extra_id_0> <unk>", "x<extra_id_<extra_id_7>>", "<extra_id_<pad>0>",
    "<</s>>", "<pad</s>", "</s</s>>", "<unk<unk>", "\x00<extra_id_0>\x00", "<extra_id_1\u200b>", "<extra_id_\uff11>", "\uff1c/s\uff1e",
    "\uff1cpad\uff1e fox", "the <extra_id_0> walks in <extra_id_1> park", "狐</s>狐", "狐<extra_id_4>狐", "狐狸 <pad>狐", "🦊<unk>🦊",
    "a fox </s> waits <pad> under <unk> a <extra_id_42> bridge",
]  # fmt: skip


def long_prompts():
    english = TEMPLATES[0][1].split("|")
    return [
        "fox " * 400,
        "a" * 2000,
        ", ".join(english * 20),
        " ".join(f"word{i}" for i in range(300)),
        "狐 " * 400,
        "<extra_id_0>" * 320,
        "</s>" * 305,
        "fox " * 298 + "bridge",
        "fox " * 299 + "bridge",
        "fox " * 298 + "</s> bridge",
        "<pad>" * 298 + "</s>",
        "<pad>" * 298 + "a</s>",
        "<pad>" * 298 + "</s>a",
        "<pad>" * 299 + "</s>",
    ]


def random_prompts():
    random.seed(7)
    alphabet = list("aeiou  fxrt.,") + ["\u00a0", "\n", "é", "狐", "ж", "😀", "\u200d", "<pad>", "</s>", "<extra_id_3>", "<", ">", "ﬁ", "▁", "\u0301"]
    return ["".join(random.choices(alphabet, k=random.randrange(3, 24))) for _ in range(40)]


def prompts():
    return PLAIN + SPACES + SPECIALS + random_prompts() + long_prompts()


ODD = [
    "a <style> b", "a  <style>  b", "a<style>b", "<style> two", "a <style> two  b", "<style> tw", "<style>  two", "word", "a word b", "aword",
    "worda", "a wordword b", "word word", "a word, b", "(word)", "word</s>", "</s>word", "a\tword\tb", "étoile", "une étoile filante",
    "étoileétoile", "ÉTOILE", "e\u0301toile", "a <extra_id_0> word <style> </s>", "wordword word", "word<style> twoword", "<pad>word<pad>",
]  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- the recording


def load(files, scratch):
    write_folder(scratch, files)
    shutil.copy(FOLDER / "spiece.model", scratch / "spiece.model")
    return transformers.T5Tokenizer.from_pretrained(str(scratch))


def encode(tokenizer, text):
    return tokenizer(text, max_length=MAX_LENGTH, truncation=True, add_special_tokens=True)["input_ids"]


def texts_of(variant):
    around_specials = [text for text in SPECIALS if "<extra_id" in text or "</s>" in text][::3]
    return {"current": prompts(), "odd_flags": ODD}.get(variant, around_specials)


def all_ids():
    ids = {}
    for name, files in VARIANTS.items():
        with tempfile.TemporaryDirectory() as scratch:
            tokenizer = load(files, Path(scratch))
            ids[name] = {text: encode(tokenizer, text) for text in texts_of(name)}
    return ids


def case(text, slow, fast):
    recorded = {"text": text, "ids": slow}
    return recorded | ({"fast_ids": fast} if fast != slow else {})


def record(slow, fast, versions):
    variants = [
        {"name": name, "files": VARIANTS[name] if name != "current" else {}, "cases": [case(t, slow[name][t], fast[name][t]) for t in slow[name]]}
        for name in VARIANTS
    ]
    golden = {"max_length": MAX_LENGTH, "versions": versions, "variants": variants}
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace('{"text"', '\n{"text"') + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", action="store_true", help="add the ids of the SentencePiece-backed tokenizer (transformers 4)")
    slow = parser.parse_args().slow
    here = {f"transformers {transformers.__version__}": f"sentencepiece {sentencepiece.__version__}"}
    if not slow:
        FOLDER.mkdir(parents=True, exist_ok=True)
        train(FOLDER)
        write_folder(FOLDER, VARIANTS["current"])
        ids = all_ids()
        record(ids, ids, here)
        return
    before = json.loads(GOLDEN.read_text(encoding="utf-8"))
    fast = {v["name"]: {c["text"]: c.get("fast_ids", c["ids"]) for c in v["cases"]} for v in before["variants"]}
    record(all_ids(), fast, before["versions"] | here)


if __name__ == "__main__":
    main()
