#include "flare/service/storage_writer/plan.h"

namespace flare::storage_writer {
namespace {

Result<Scanned> scan(uint64_t offset, const Bytes& record) {
  Result<model::EventView> event = model::scan_event(record.view());
  if (!event) return fail(std::move(event).error());
  Scanned scanned;
  scanned.offset = offset;
  scanned.record = record;
  scanned.event = std::move(*event);
  if (!scanned.event.read.empty()) {
    Result<model::ReadMark> mark = model::decode_read_mark(scanned.event.read);
    if (!mark) return fail(std::move(mark).error());
    scanned.read = std::move(*mark);
    return scanned;
  }
  Result<model::MessageView> message = model::scan_message(scanned.event.message);
  if (!message) return fail(std::move(message).error());
  scanned.message = *message;
  scanned.id = *model::message_id_from_bytes(message->message_id);
  if (model::content_kind(message->content) == model::ContentKind::Operation) {
    scanned.operation = model::operation_in(message->content);
  }
  return scanned;
}

}  // namespace

std::string conversation_key(std::string_view tenant, std::string_view conversation) {
  std::string key;
  key.reserve(tenant.size() + 1 + conversation.size());
  key.append(tenant).append(1, '\0').append(conversation);
  return key;
}

std::string member_key(std::string_view conversation_key, std::string_view user) {
  std::string key;
  key.reserve(conversation_key.size() + 1 + user.size());
  key.append(conversation_key).append(1, '\0').append(user);
  return key;
}

Result<std::vector<Scanned>> read_events(const port::LogBatch& batch) {
  std::vector<Scanned> events;
  events.reserve(batch.records.size());
  for (size_t i = 0; i < batch.records.size(); ++i) {
    const uint64_t offset = batch.first_offset + i;
    Result<Scanned> scanned = scan(offset, batch.records[i]);
    if (!scanned) {
      return fail(std::move(scanned).error().during("partition " + std::to_string(batch.partition) +
                                                    " offset " + std::to_string(offset)));
    }
    events.push_back(std::move(*scanned));
  }
  return events;
}

}  // namespace flare::storage_writer
