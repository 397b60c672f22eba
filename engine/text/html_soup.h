#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stampd::text {

/// What Beautiful Soup makes of a parser's events, as far as it shows in `.text`: which elements are open, and what becomes of the
/// text between two pieces of markup. Tag names are lower case.
class HtmlSoup {
 public:
  void Add(std::u16string_view data);  // text

  void Open(std::u16string_view tag);          // <tag>; a void element, such as br, is closed at once
  void OpenAndClose(std::u16string_view tag);  // <tag/>

  /// </tag>: closes what was opened since, too; nothing if no such element is open. The first that comes for a void element that
  /// was closed already is ignored: it does not even part the text around it.
  void Close(std::u16string_view tag);

  void Cdata(std::u16string_view data);  // kept even where other text is hidden
  void Other();                          // a comment or the like: only ends the text before it

  std::u16string Text() &&;

 private:
  void Push(std::u16string_view tag);
  void PopTo(std::u16string_view tag);
  void Count(std::u16string_view tag, int change);
  std::u16string_view Squeezed() const;

  std::u16string text_;
  std::u16string data_;  // since the last piece of markup
  std::vector<std::u16string> open_;
  std::map<std::u16string, int> closed_voids_;
  int hiding_ = 0;   // open elements whose text is not the document's
  int keeping_ = 0;  // open elements that keep their white space
};

}  // namespace stampd::text
