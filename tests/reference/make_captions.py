#!/usr/bin/env python3
"""Records what diffusers makes of captions before it tokenizes them: tests/data/captions.json.

    python tests/reference/make_captions.py           (tests/reference/requirements.txt, Python 3.11)

Two flavours of PixArtSigmaPipeline's own _text_preprocessing: clean_caption off ("stripped") and on ("cleaned"). ftfy.fix_text, which
is one of its steps and which stampd leaves out, is replaced by the identity there; "mended" holds captions on which the real one makes
a difference, to show which.
"""

import json
import platform
import random
from pathlib import Path

import bs4
import diffusers
import ftfy
from diffusers import PixArtSigmaPipeline

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "captions.json"

CAPTIONS = r'''
a red fox waits under a bridge
A SMALL Cactus With A Happy Face
  leading and trailing   spaces  
ÀÉÎÕÜ Straße ЖУК ΟΔΥΣΣΕΥΣ ΣΑΣ Σ İstanbul Iğdır ǅ
100%25 cotton %7Ebraces%7e
%E7%8B%90 fox %F0%9F%A6%8A and %e2%82%ac
%zz %4 % %% %2
broken %E7%8B and é%A9 and %C3é%A9
one+two+three
<person> riding <person>
<PERSON> and < person> and <persons>
http://example.org/a/b.html the page
see https://www.example.com/path/to-page_1 now
https:example and http:%41 and http:/one http:///three http:////four
visit example.com, or example.org/a-b/c/ or sub.domain.co.uk.
mail me@example.com or write to me@example.org.
example.com@example.net is odd
www:example and www:/x and www:% and www.example.it/x
no.link here.also ftp://example.gov/x
a.com b.co c.ru d.net e.edu f.info
ends.with.com/
x.com/é/ü z.org/-
éexample.com and _example.com and -example.com and .example.com
company.community it.is
<b>bold</b> and <i>italic</i> fox
a<br>b<br/>c<br />d</br>e
<p>one</p><p>two</p>
<p>one</p>   <p>two</p>
<p>one</p>
<!-- a comment -->text<!-- another -->
<!-- never closed text
a <!--> odd --> b
<!doctype html><html><head><title>T</title></head><body>B</body></html>
<?xml version="1.0"?>text
<!whatever>text <!>x
<![cdata[inside]]> outside <![CDATA[ ]]> <![cdata[]]>x
<![if ie]>only<![endif]> x
<![cdata[never closed
<script>var a = "<b>";</script>after
<script>never closed
<style>p { color: red }</style>styled
<template>hidden <b>too</b></template>shown
<ruby>base<rt>above</rt><rp>(</rp></ruby>
<textarea>  </textarea><pre>   </pre>x <b>   </b>y
<a href="x>y">quoted</a> <a href='>'>single</a> <a href=a>b</a>
<a href="unclosed>text</a> more
<a href='unclosed text
<a b==c d = "e" f>g</a>
<a b= "c>d <i>e</i>
<a"b">c <a/b>d <a / >e <a //>f
a < b and c > d and 1<2 and x<y>z
a <
<
<<<>>>
</b>stray </ b > end</> </3 hearts <3
</p class="x">y </a/b>z
i <3 you & me
<unknown-tag attr>text</unknown-tag>
<input disabled value="x"/>field<img src=a.png>image</img>
<div><span>deep<div>er</span>x</div>y</div>z
fish &amp; chips &lt;b&gt; &quot;x&quot; &copy; &nbsp;x
&amp;amp; &amp;lt;b&amp;gt; &amp;amp;lt;
&lt &gt; &ampx &ltx &notit; &notin; &nosuch; &nosuch x
&#65; &#x41; &#X41 &#65x &#x80; &#150; &#0; &#xD800; &#1114112; &#x1F98A;
&#38;#65; &amp;#x42; &amp;#150 &amp;#1; &amp;#xfdd0; &amp;#0
&#zz; tail <b>still</b>
&# tail <b>still</b>
tail &
tail &a
tail &ab
tail &a-b
tail &#6
tail &#65
&Eacute;t&eacute; &EACUTE; &fjlig; &NotEqualTilde; &amp;eacute
@nickname says hi to @nick_2 and a@b @ c @é
@@double @1 email@host
一只狐狸 fox 在桥下
㇀㇯ㇰㇿ㈀㋿㌀㏿㐀䶿䷀䷿一鿿 ꀀ 〇 ㆿ
한국어 ひらがな カタカナ stay
a—b – c ‒ d ― e － f 〜 g 〰 h ﹘ i ־ j ᠆ k
−minus −5 ‑nonbreaking --double ---triple
«quoted» “double” ‘single’ `back` ´acute´ ¨
„low“ ‹one› ‚comma‘
&quot;x&quot y &quota &amplifier
192.168.0.1 at 10.0.0.255 and 1.2.3 and 1.2.3.4.5
1234.1.1.1 999.999.999.999x
at 1:23 
at 1:23
11:234 1:23  x
line\none\nnew \\n \n
#1 #12 #123 #1234 #12345 #123456 #12a
#1é #99999x (#42)
123456 12345 1234567890 x123456 123456x 123456_ 1234567.
photo.jpg and a_b-c.png and .png and x.jpgs and a.b.webp
(image.jpeg) "name.pdf" x.mp4.apk.eps y.bmp!
"""double""" ''single'' '"mixed"' "" ''
wait... what.. ok. ....
***bold*** #tag ®©™ • bullets · middot º ½ ¾ ¿ ¡ § ~ (a) [b] {c} a|b a\b a/b a*b
a & b @ c
one . two .three. four
 . .. . 
a  .  b . . c
this-is-my-cute-cat
this_is_my_cute_cat
this-is-my cat
a-b_c-d
a-b_c-d_e
jc6640 ab123 abcd1234 a12 xyz123456789012345 xyz1234567890123456
jc6640vc a1b é1b a1é ab12cd34
6640vc231 1a1 12ab 1a1a
worldwide free shipping free shipping shipping worldwide  shipping
freeshipping reshipping SHIPPING!
free download free download downloadfree x download free
free  download  free
click for more, click on this click here clickon me
clicks for x click for é
png image jpg images pdf webp imagesx apk eps pngs xpng
page 12 page  3 pages 4 page x page12
j2d1a2a a1b2c3 12a3b4 a1b2 1a2b3c4 abc1def2ghi3
j2d1a2a_ é2d1a2a
10x20 10.5x20.5 10х20 10×20 10x20x30 5x 10 x 20 10.x20. 1.5x2
a : b a: b a :b a  :  b : c
one,two.three/four 1,000 3.14 a.b,c/d x,é ,a
a,b;c:d!e?f
multiple     spaces	tab
"quoted whole"
'quoted "inner" whole'
"only start
only end"
'x' y 'z'
-leading dash
_under_
,comma,
:colon:
;semi;
+plus+
x+
.hidden
.hidden file
.
..
-
'
"
""
👨‍👩‍👧‍👦 family 🏳️‍🌈 👍🏽
naïve café résumé niño
e´ ü¨ x̂ a͡b1 é123 é123
١٢٣٤٥٦ arabic digits #١٢٣ ab١٢٣ १२३४५६
²³¹ x² ⅷ① 1½ a½b ab123½
ᾳ ŉ ﬁ ẞ ǰ
שלום עולם 123456 שלום
a‍b c‌d a​b ​
a b c d　e
İ İ.com
photo of a dog, 4k, trending on artstation, by @artist, www.site.com/gallery/img_001.jpg
<a href="http://example.com/x">click on link</a> to download free png images
[sold out] iphone-12-pro-max-case (black) #iphone ★★★★★ 5.0/5 free shipping!!!
'''.strip("\n").split("\n")

ODD = [
    "", " ", "\t\n", "\x1c a \x1f", "\x85a\x85", "\xa0a\xa0", "\u3000a\u3000", "\u200ba\u200b", "\ufeffa", "a\x00b", "\x00", "a\x0bb\x0cc",
    "a\x1cb\x1db", "at 1:23\n", "at 1:23 \n", "at 1:23\x1c", "at 1:23\u200b", "one\n.\ntwo", "one\x85.\x85two", "\"a\nb\"", "\"a\"\n", "-a\n",
    "a-\n", "'\n'", ".a\n", "a\r\nb", "a\u2028b\u2029c", "click\u00a0for\u3000x", "free\ndownload\nfree", "page\n\n7", "<b>\n\n</b>x<b>  \n </b>",
    "<b>x</b>\n<b>y</b>", "a\n\n<i>\t</i>b", "&#10;x&#9;y&NewLine;z&Tab;", "a&nbsp;b", "&#x85;x&#133;", "%00x%0a%0D", "%ED%A0%80 %FF%FE",
    "ab\u0301123", "ab1\u0301", "\u0301123456", "123456\u0301", "#123\u0301", "a\u0301.com", "@a\u0301b", "x\u200d123456", "x\u203f123456", "<b\u00a0c>d",
    "<b\x0bc=1>d", "<b\x00c>d", "<B\u0130>x", "</b\u2003>x", "&eacute\u0301", "\ud7ff\ue000\U0010ffff", "\U0001f98a123456\U0001f98a", "\U00020000\U00030000",
    "\U0001d54f123 \U0001d7ce\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d2\U0001d7d3", "\ufe31\ufe32\ufe63", "\u30a0\u301c\u1400\u2e3a\u2e3b\u2e17\u2e1a\u2e40",
    "a" * 3000, "<b>" * 300 + "deep" + "</b>" * 300, "-" * 50, "\"'" * 40, "1." * 60, "x.y" * 100 + ".com", "a1" * 60, "<" * 60, "&" * 60, "&amp;" * 30, ".jpg" * 20,
]  # fmt: skip

# Each is changed by ftfy: wrongly decoded text, ligatures, wide letters, terminal escapes, what NFC composes, control characters.
MENDED = ["itâ€™s", "\ufb01re", "\uff46\uff4f\uff58", "a\x1b[31mb", "e\u0301t\u00e9", "\u0132", "a\x07b"]

FRAGMENTS = [
    "fox", "a", "é", "狐", "1", "23", "456", "123456", " ", " ", "  ", "\n", "\xa0", ".", ",", "-", "_", ":", "/", "@", "#", "'", "\"", "“", "—", "+", "%41", "%C3%A9",
    "%", "&", "&amp;", "&lt;", "&quot", "&#65;", "&#", ";", "<", ">", "<b>", "</b>", "<br/>", "<!--", "-->", "<a b='", "=", "<![", "cdata[", "]]>", "<pre>", "<script>", "</script>", "<rt>",
    ".com", "http://", "www:", ".jpg", "png", "image", "free", "download", "shipping", "click on", "page", "x", "10x20", "a1b2c3", "(", ")", "*", "½", "\\n", "\\", "...", "İ", "ß", "🦊", "\u0301", "\u200d",
]  # fmt: skip


def random_captions(count, seed):
    random.seed(seed)
    return ["".join(random.choices(FRAGMENTS, k=random.randrange(2, 14))) for _ in range(count)]


def preprocess(text, clean):
    pipeline = PixArtSigmaPipeline.__new__(PixArtSigmaPipeline)
    return pipeline._text_preprocessing(text, clean_caption=clean)[0]


def case(text):
    """None where html.parser rejects the text, and the pipeline with it."""
    try:
        return {"text": text, "stripped": preprocess(text, False), "cleaned": preprocess(text, True)}
    except bs4.exceptions.ParserRejectedMarkup:
        return None


def without_ftfy(captions):
    fix_text, ftfy.fix_text = ftfy.fix_text, lambda text: text
    cases = [case(text) for text in captions]
    ftfy.fix_text = fix_text
    return [c for c in cases if c is not None]


def main():
    plain = without_ftfy(MENDED)
    mended = [{"text": c["text"], "cleaned": c["cleaned"], "by_ftfy": preprocess(c["text"], True)} for c in plain]
    assert all(c["cleaned"] != c["by_ftfy"] for c in mended), mended
    golden = {
        "versions": {
            "python": platform.python_version(),
            "diffusers": diffusers.__version__,
            "beautifulsoup4": bs4.__version__,
            "ftfy": ftfy.__version__,
        },
        "cases": without_ftfy(CAPTIONS + ODD + random_captions(200, 5)),
        "mended": mended,
    }
    text = json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace('{"text"', '\n{"text"')
    GOLDEN.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
