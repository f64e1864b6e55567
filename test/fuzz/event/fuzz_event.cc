// Records of nobody in particular, as events, messages, operations and rows. What decodes says the
// same after it was encoded again, and an event that was completed says what it said before.
#include "flare/model/event.h"
#include "fuzz/require.h"

namespace {

using namespace flare;

void as_event(std::string_view bytes) {
  const Result<model::EventView> event = model::scan_event(bytes);
  if (!event) return;
  if (!event->read.empty()) {
    const Result<model::ReadMark> mark = model::decode_read_mark(event->read);
    if (!mark) return;
    const std::string encoded = model::encode_read_event({"t"}, *mark, {}, "trace");
    const Result<model::ReadMark> again =
        model::decode_read_mark(model::scan_event(encoded).value().read);
    require(again && again->user == mark->user && again->conversation == mark->conversation);
    require(again->seq == mark->seq && again->server_time_ms == mark->server_time_ms);
    return;
  }
  const Result<model::MessageView> message = model::scan_message(event->message);
  if (!message) return;

  const model::StoredEvent stored =
      model::store_event(bytes, {.seq = 7, .ordinal = 6, .sender_ordinal = 5, .log_offset = 4});
  std::string dispatch(stored.event.view());
  model::append_dispatch(dispatch, {"g1"}, {"ann"});
  const Result<model::EventView> event_after = model::scan_event(dispatch);
  require(event_after && event_after->seq == 7);
  require(event_after->message == stored.message.view());
  require(event_after->tenant == event->tenant && event_after->trace == event->trace);
  require(event_after->origin_session == event->origin_session);
  require(event_after->receivers == event->receivers);
  require(event_after->gateways.back() == "g1" && event_after->users.back() == "ann");

  const Result<model::MessageView> after = model::scan_message(stored.message.view());
  require(after && after->seq == 7 && after->ordinal == 6 && after->sender_ordinal == 5);
  require(after->log_offset == 4);
  require(after->message_id == message->message_id && after->content == message->content);
  require(after->conversation == message->conversation && after->sender == message->sender);
}

void as_content(std::string_view bytes) {
  const model::ContentKind kind = model::content_kind(bytes);
  require(model::content_text(bytes).size() <= bytes.size());
  require(model::custom_type(bytes).size() <= bytes.size());
  if (kind != model::ContentKind::Operation) return;
  const std::optional<model::Operation> operation = model::operation_in(bytes);
  if (!operation) return;
  const std::string encoded = model::encode_content(*operation);
  const std::optional<model::Operation> again = model::operation_in(encoded);
  require(again && model::encode_content(*again) == encoded);
}

template <class Row>
void as_row(std::string_view bytes, Result<Row> (*decode)(std::string_view)) {
  const Result<Row> row = decode(bytes);
  if (!row) return;
  const std::string encoded = model::encode(*row);
  const Result<Row> again = decode(encoded);
  require(again && model::encode(*again) == encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  as_event(bytes);
  as_content(bytes);
  (void)model::scan_message(bytes);
  as_row(bytes, model::decode_conversation);
  as_row(bytes, model::decode_head);
  as_row(bytes, model::decode_member);
  return 0;
}
