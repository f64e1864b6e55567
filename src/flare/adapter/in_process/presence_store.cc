#include "flare/adapter/in_process/presence_store.h"

#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace flare::in_process {
namespace {

// Each put and renewal looks at this many sessions for expired leases: with one renewal a lease,
// all dead sessions are gone within one lease, and no call pays for more than a few.
constexpr size_t kSweepsPerCall = 4;

// Whose the sessions are: user ids are unique within a tenant only.
struct Owner {
  std::string tenant;
  std::string user;
  bool operator==(const Owner&) const = default;
};

struct OwnerHash {
  size_t operator()(const Owner& owner) const noexcept {
    const std::hash<std::string> hash;
    return hash(owner.tenant) * 0x9e3779b97f4a7c15ull ^ hash(owner.user);
  }
};

// Few different texts in many sessions: gateways, platforms. Kept for good; both sets are small.
class Texts {
 public:
  const std::string* keep(std::string text) { return &*texts_.insert(std::move(text)).first; }
  const std::string* find(const std::string& text) const {
    const auto found = texts_.find(text);
    return found == texts_.end() ? nullptr : &*found;
  }

 private:
  std::unordered_set<std::string> texts_;
};

struct Key {
  const std::string* gateway = nullptr;
  uint64_t session = 0;
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  size_t operator()(const Key& key) const noexcept {
    return std::hash<const void*>{}(key.gateway) ^ (key.session * 0x9e3779b97f4a7c15ull);
  }
};

struct Live {
  const Owner* owner = nullptr;  // the key of the owner's entry
  std::string device;
  const std::string* platform = nullptr;
  int64_t login_ms = 0;
  TimePoint expires;
};

}  // namespace

// One mutex: a call holds it for well under a microsecond a session, and a node asks for presence
// in batches.
struct PresenceStore::Impl {
  explicit Impl(const Clock& c) : clock(c) {}

  using Sessions = std::unordered_map<Key, Live, KeyHash>;

  void erase(Sessions::iterator session) {
    const auto owned = owners.find(*session->second.owner);
    std::erase(owned->second, session->first);
    if (owned->second.empty()) owners.erase(owned);
    if (next_swept == session->first) next_swept = {};
    sessions.erase(session);
  }

  // Walks round the sessions, a few each call, and drops the expired ones.
  void sweep(TimePoint now) {
    auto at = sessions.find(next_swept);
    for (size_t i = 0; i < kSweepsPerCall; ++i) {
      if (at == sessions.end()) at = sessions.begin();
      if (at == sessions.end()) return;
      const auto current = at++;
      if (current->second.expires <= now) erase(current);
    }
    next_swept = at == sessions.end() ? Key{} : at->first;
  }

  const Clock& clock;

  std::mutex mutex;
  // Guarded by mutex.
  Texts texts;
  Sessions sessions;
  std::unordered_map<Owner, std::vector<Key>, OwnerHash> owners;
  Key next_swept;
};

PresenceStore::PresenceStore(const Clock& clock) : impl_(std::make_unique<Impl>(clock)) {}
PresenceStore::~PresenceStore() = default;

Task<> PresenceStore::put(Context ctx, model::Session session, Duration lease) {
  const TimePoint now = impl_->clock.now();
  std::lock_guard lock(impl_->mutex);
  const Key key{impl_->texts.keep(std::move(session.key.gateway)), session.key.session};
  if (const auto old = impl_->sessions.find(key); old != impl_->sessions.end()) impl_->erase(old);
  const auto owned =
      impl_->owners.try_emplace({std::move(ctx.tenant.text), std::move(session.user.text)}).first;
  owned->second.push_back(key);
  impl_->sessions.emplace(key, Live{.owner = &owned->first,
                                    .device = std::move(session.device.text),
                                    .platform = impl_->texts.keep(std::move(session.platform)),
                                    .login_ms = session.login_ms,
                                    .expires = now + lease});
  impl_->sweep(now);
  co_return;
}

Task<> PresenceStore::remove(Context, model::SessionKey key) {
  std::lock_guard lock(impl_->mutex);
  const auto session = impl_->sessions.find({impl_->texts.find(key.gateway), key.session});
  if (session != impl_->sessions.end()) impl_->erase(session);
  co_return;
}

Task<std::vector<model::SessionKey>> PresenceStore::renew(Context,
                                                          std::vector<model::SessionKey> sessions,
                                                          Duration lease) {
  const TimePoint now = impl_->clock.now();
  std::vector<model::SessionKey> unknown;
  std::lock_guard lock(impl_->mutex);
  for (model::SessionKey& key : sessions) {
    const auto session = impl_->sessions.find({impl_->texts.find(key.gateway), key.session});
    if (session == impl_->sessions.end() || session->second.expires <= now) {
      unknown.push_back(std::move(key));
    } else {
      session->second.expires = now + lease;
    }
  }
  // Only now: what was just renewed is not swept.
  for (size_t i = 0; i < sessions.size(); ++i) impl_->sweep(now);
  co_return unknown;
}

Task<std::vector<std::vector<model::Session>>> PresenceStore::find(Context ctx,
                                                                   std::vector<UserId> users) {
  const TimePoint now = impl_->clock.now();
  std::vector<std::vector<model::Session>> found(users.size());
  Owner owner{std::move(ctx.tenant.text), {}};
  std::lock_guard lock(impl_->mutex);
  for (size_t i = 0; i < users.size(); ++i) {
    owner.user = users[i].text;
    const auto owned = impl_->owners.find(owner);
    if (owned == impl_->owners.end()) continue;
    for (const Key& key : owned->second) {
      const Live& live = impl_->sessions.find(key)->second;
      if (live.expires <= now) continue;
      found[i].push_back({.key = {*key.gateway, key.session},
                          .user = users[i],
                          .device = {live.device},
                          .platform = *live.platform,
                          .login_ms = live.login_ms});
    }
  }
  co_return found;
}

size_t PresenceStore::size() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->sessions.size();
}

}  // namespace flare::in_process
