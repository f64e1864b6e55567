// JSON of nobody in particular. What parses as a frame is the same frame after a round trip.
#include "flare/client/v1/frame.pb.h"
#include "flare/service/access_gateway/frames.h"
#include "fuzz/require.h"

namespace {

// Fields in order of their numbers and maps in order of their keys, so that equal means equal.
std::string canonical(const flare::client::v1::Frame& frame) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    frame.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using flare::api::FrameFormat;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  flare::client::v1::Frame frame;
  if (!flare::access_gateway::parse_frame(FrameFormat::Json, input, frame)) return 0;

  const std::string bytes = canonical(frame);
  const std::string json = flare::access_gateway::to_json(bytes);
  flare::client::v1::Frame again;
  require(flare::access_gateway::parse_frame(FrameFormat::Json, json, again));
  require(canonical(again) == bytes);
  return 0;
}
