# cmake -DINPUT=file -DOUTPUT=file.cpp -P embed.cmake: the bytes of INPUT as the function that tokenizer_model.h declares.
file(READ "${INPUT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(
  WRITE "${OUTPUT}"
  "#include \"engine/tools/random/tokenizer_model.h\"\n\n"
  "namespace stampd::tools {\nnamespace {\n\nconstexpr unsigned char kBytes[] = {${bytes}};\n\n}  // namespace\n\n"
  "std::string_view TokenizerModel() { return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)}; }\n\n"
  "}  // namespace stampd::tools\n")
