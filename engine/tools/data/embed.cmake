# cmake -DINPUT=file -DFUNCTION=name -DOUTPUT=file.cpp -P embed.cmake: the bytes of INPUT as that function of tokenizer_data.h.
file(READ "${INPUT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(
  WRITE "${OUTPUT}"
  "#include \"engine/tools/random/tokenizer_data.h\"\n\n"
  "namespace stampd::tools {\nnamespace {\n\nconstexpr unsigned char kBytes[] = {${bytes}};\n\n}  // namespace\n\n"
  "std::string_view ${FUNCTION}() { return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)}; }\n\n"
  "}  // namespace stampd::tools\n")
