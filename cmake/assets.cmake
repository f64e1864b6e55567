# Run as a script: writes OUTPUT, a source that carries every file below FOLDER in the binary.
#   cmake -DFOLDER=web/dist -DOUTPUT=web_assets.cc -P assets.cmake
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(blobs "")
set(rows "")
set(number 0)
foreach(file ${files})
  string(APPEND blobs "asm(R\"(
  .section .rodata
  .global flare_asset_${number}
  .global flare_asset_${number}_end
flare_asset_${number}:
  .incbin \"${FOLDER}/${file}\"
flare_asset_${number}_end:
  .previous
)\");
extern \"C\" const char flare_asset_${number}[];
extern \"C\" const char flare_asset_${number}_end[];
")
  string(APPEND rows "      {\"/${file}\", {flare_asset_${number}, flare_asset_${number}_end}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Generated from web/dist.
#include \"flare/app/web_assets.h\"

${blobs}
namespace flare::app {

std::vector<WebAsset> web_assets() {
  return {
${rows}  };
}

}  // namespace flare::app
")
