#pragma once

#include <string>
#include <string_view>

namespace stampd::text {

/// The text of a piece of HTML, as BeautifulSoup(html, "html.parser").text gives it (beautifulsoup4 4.15 on Python 3.11).
///
/// That parser is not HTML5's: tags are taken out where they stand, nothing is moved or implied, and broken markup stays text.
/// Comments, declarations, processing instructions and what is inside script, style, template, rt and rp go; CDATA stays. White
/// space alone between two tags becomes one character. `html` is lower case, as captions are by then. Markup that html.parser
/// rejects, whereat the reference pipeline fails (`<![` with an unknown word), goes up to its ">".
std::u16string HtmlText(std::u16string_view html);

}  // namespace stampd::text
