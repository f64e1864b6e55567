#include "flare/adapter/rocksdb/message_store.h"

#include <rocksdb/env.h>

#include "flare/adapter/rocksdb/database.h"
#include "flare/base/blocking_pool.h"

namespace flare::rocksdb {

struct MessageStore::Impl {
  Impl(std::unique_ptr<Database> opened, const Options& options)
      : database(std::move(opened)),
        writer({"store-write", 1, options.queue_max}),
        readers({"store-read", options.read_threads, options.queue_max}) {}

  const std::unique_ptr<Database> database;
  BlockingPool writer;  // ends before the database does
  BlockingPool readers;
};

Result<std::unique_ptr<MessageStore>> MessageStore::open(Options options) {
  auto database = Database::open(options, ::rocksdb::Env::Default());
  if (!database) return fail(std::move(database).error());
  auto impl = std::make_unique<Impl>(std::move(*database), options);
  return std::unique_ptr<MessageStore>(new MessageStore(std::move(impl)));
}

MessageStore::MessageStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MessageStore::~MessageStore() = default;

Task<uint64_t> MessageStore::applied(Context, uint32_t partition) {
  co_return impl_->database->applied(partition);
}

uint64_t MessageStore::durable(uint32_t partition) const {
  return impl_->database->durable(partition);
}

// Nearly all the writer asks for is in memory, and nearly all it applies goes there: then the way
// to another thread and back, which costs several times the work, is saved.
Task<port::Loaded> MessageStore::load(Context ctx, port::LoadRequest request) {
  if (Result<port::Loaded> loaded = impl_->database->load(request, Reach::MemoryOnly); loaded) {
    co_return std::move(*loaded);
  }
  co_return co_await impl_->writer.run(
      std::move(ctx), [database = impl_->database.get(), request = std::move(request)] {
        return database->load(request);
      });
}

Task<> MessageStore::apply(Context ctx, port::ApplyBatch batch) {
  if (impl_->database->has_room()) {
    co_await impl_->database->apply(batch);
    co_return;
  }
  co_await impl_->writer.run(std::move(ctx),
                             [database = impl_->database.get(), batch = std::move(batch)] {
                               return database->apply(batch);
                             });
}

Task<> MessageStore::note_delivered(Context, std::vector<port::Delivered> delivered) {
  co_await impl_->database->note_delivered(delivered);
}

Task<std::optional<port::ConversationState>> MessageStore::find_conversation(
    Context ctx, port::ConversationKey key) {
  co_return co_await impl_->readers.run(std::move(ctx),
                                        [database = impl_->database.get(), key = std::move(key)] {
                                          return database->find_conversation(key);
                                        });
}

Task<std::optional<model::Member>> MessageStore::find_member(Context ctx, port::MemberKey key) {
  co_return co_await impl_->readers.run(std::move(ctx),
                                        [database = impl_->database.get(), key = std::move(key)] {
                                          return database->find_member(key);
                                        });
}

Task<std::vector<model::Member>> MessageStore::list_members(Context ctx, port::ConversationKey key,
                                                            UserId after, size_t limit) {
  co_return co_await impl_->readers.run(
      std::move(ctx),
      [database = impl_->database.get(), key = std::move(key), after = std::move(after), limit] {
        return database->list_members(key, after, limit);
      });
}

Task<std::vector<port::Membership>> MessageStore::list_memberships(Context ctx, UserId user) {
  TenantId tenant = ctx.tenant;
  co_return co_await impl_->readers.run(
      std::move(ctx),
      [database = impl_->database.get(), tenant = std::move(tenant), user = std::move(user)] {
        return database->list_memberships(tenant, user);
      });
}

// Most pages asked for are the newest, and in memory: for those the way to another thread and back
// would cost several times the answer.
Task<std::vector<Bytes>> MessageStore::read(Context ctx, port::ReadRange range) {
  if (auto page = impl_->database->read_now(range)) co_return std::move(*page);
  co_return co_await impl_->readers.run(
      std::move(ctx), [database = impl_->database.get(), range = std::move(range)] {
        return database->read(range);
      });
}

Task<std::optional<Bytes>> MessageStore::find_message(Context ctx, MessageId id) {
  port::MessageKey key{ctx.tenant, id};
  co_return co_await impl_->readers.run(std::move(ctx),
                                        [database = impl_->database.get(), key = std::move(key)] {
                                          return database->find_message(key);
                                        });
}

Task<std::vector<port::Delivered>> MessageStore::find_delivered(
    Context ctx, std::vector<port::MemberKey> members) {
  co_return co_await impl_->readers.run(
      std::move(ctx), [database = impl_->database.get(), members = std::move(members)] {
        return database->find_delivered(members);
      });
}

Result<> MessageStore::flush() { return impl_->database->flush(); }

}  // namespace flare::rocksdb
