#include <algorithm>

#include "flare/model/event.h"
#include "flare/service/storage_reader/storage_reader.h"

namespace flare::storage_reader {
namespace {

constexpr size_t kMessages = 50;

}  // namespace

Task<api::HistoryPage> StorageReader::history(Context ctx, api::HistoryRequest request) {
  return needs_.metrics.history.measure(&needs_.clock,
                                        read_history(std::move(ctx), std::move(request)));
}

Task<api::HistoryPage> StorageReader::read_history(Context ctx, api::HistoryRequest request) {
  const Sequence to_seq = request.to_seq == 0 ? UINT64_MAX : request.to_seq;
  if (request.from_seq > to_seq) {
    co_await fail(ErrorCode::InvalidArgument, "from_seq is above to_seq");
  }
  const Sight sight = co_await look(ctx, request.user, request.conversation);

  api::HistoryPage page;
  std::optional<port::ReadRange> range = sight.clip(request.from_seq, to_seq);
  if (!range) co_return page;
  range->limit = page_size(request.limit, kMessages, kMessagesMax);
  range->bytes_max = config_.page_bytes_max.bytes;
  range->backwards = request.backwards;
  page.messages = co_await needs_.store.read(ctx, *range);
  needs_.metrics.messages_read.add(page.messages.size());
  if (page.messages.empty()) co_return page;

  const model::MessageView last = co_await model::scan_message(page.messages.back().view());
  page.more = request.backwards ? last.seq > range->from_seq : last.seq < range->to_seq;
  co_return page;
}

Task<Bytes> StorageReader::get_message(Context ctx, UserId user, MessageId id) {
  return needs_.metrics.get_message.measure(&needs_.clock,
                                            read_message(std::move(ctx), std::move(user), id));
}

Task<Bytes> StorageReader::read_message(Context ctx, UserId user, MessageId id) {
  Seen seen = co_await see_message(ctx, user, id);
  needs_.metrics.messages_read.add();
  co_return std::move(seen.message);
}

Task<StorageReader::Seen> StorageReader::see_message(Context ctx, UserId user, MessageId id) {
  std::optional<Bytes> found = co_await needs_.store.find_message(ctx, id);
  if (!found) co_await fail(ErrorCode::NotFound, "message_id: no such message");
  const model::MessageView message = co_await model::scan_message(found->view());

  Sight sight = co_await look(ctx, user, ConversationId{std::string(message.conversation)});
  // To a late joiner, what was said before does not exist.
  if (!sight.shows(message.seq)) co_await fail(ErrorCode::NotFound, "message_id: no such message");
  co_return Seen{.message = std::move(*found), .sight = std::move(sight)};
}

Task<std::vector<Bytes>> StorageReader::read_newest(Context ctx,
                                                    std::optional<port::ReadRange> range,
                                                    size_t limit, size_t bytes_max) {
  if (!range) co_return std::vector<Bytes>();
  range->limit = limit;
  range->bytes_max = bytes_max;
  range->backwards = true;
  std::vector<Bytes> messages = co_await needs_.store.read(ctx, *range);
  needs_.metrics.messages_read.add(messages.size());
  std::ranges::reverse(messages);
  co_return messages;
}

}  // namespace flare::storage_reader
