#include "cmd/flare_bench/floor_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/floor_log.h"
#include "cmd/flare_bench/frames.h"
#include "cmd/flare_bench/token.h"
#include "cmd/flare_bench/websocket.h"
#include "cmd/flare_bench/wire.h"

namespace flare::bench {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;

struct Peer {
  int fd = -1;
  uint32_t user = UINT32_MAX;
  std::string name;
  uint32_t room = UINT32_MAX;  // of its last send
  bool upgraded = false;
  bool dirty = false;
  bool waits_for_room = false;
  std::string in;
  std::string out;
};

struct Room {
  std::string id;
  uint64_t seq = 0;
  std::vector<uint32_t> members;
};

struct SendFields {
  std::string_view conversation_id;
  std::string_view to_user_id;
  std::string_view client_message_id;
  std::string_view content;
};

SendFields scan_send(std::string_view body) {
  SendFields fields;
  WireReader reader(body);
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        fields.conversation_id = reader.bytes;
        break;
      case 2:
        fields.to_user_id = reader.bytes;
        break;
      case 3:
        fields.client_message_id = reader.bytes;
        break;
      case 4:
        fields.content = reader.bytes;
        break;
      default:
        break;
    }
  }
  return fields;
}

class FloorServer {
 public:
  FloorServer(int listener, const FloorSettings& settings)
      : listener_(listener),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        log_(settings.folder, settings.synced),
        buffer_(kReadBytes) {
    if (epoll_ < 0) fail_errno("epoll_create1");
    watch(listener_, nullptr, EPOLLIN, EPOLL_CTL_ADD);
    watch(log_.event(), &log_, EPOLLIN, EPOLL_CTL_ADD);
  }

  // Until the process is killed.
  [[noreturn]] void run() {
    std::array<epoll_event, 1024> events;  // filled by the kernel up to `count`
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) on_event(events[static_cast<size_t>(i)]);
      if (!batch_.messages.empty()) log_.append(std::exchange(batch_, {}));
      flush();
    }
  }

 private:
  void on_event(const epoll_event& event) {
    if (event.data.ptr == nullptr) {
      accept_all();
    } else if (event.data.ptr == &log_) {
      for (const FloorBatch& batch : log_.take_committed()) deliver(batch);
    } else {
      Peer& peer = *static_cast<Peer*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0) flush(peer);
      if ((event.events & ~uint32_t{EPOLLOUT}) != 0 && peer.fd >= 0) receive(peer);
    }
  }

  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const auto place = static_cast<size_t>(fd);
      if (peers_.size() <= place) peers_.resize(place + 1);
      if (!peers_[place]) peers_[place] = std::make_unique<Peer>();
      *peers_[place] = Peer{.fd = fd};
      watch(fd, peers_[place].get(), EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void receive(Peer& peer) {
    const ssize_t got = recv(peer.fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      disconnect(peer);
      return;
    }
    const auto size = static_cast<size_t>(got);
    if (peer.in.empty()) {
      const size_t used = consume(peer, buffer_.data(), size);
      if (peer.fd >= 0) peer.in.assign(buffer_.data() + used, size - used);
      return;
    }
    peer.in.append(buffer_.data(), size);
    const size_t used = consume(peer, peer.in.data(), peer.in.size());
    if (peer.fd >= 0) peer.in.erase(0, used);
  }

  size_t consume(Peer& peer, char* data, size_t size) {
    size_t used = peer.upgraded ? 0 : upgrade(peer, {data, size});
    while (peer.upgraded && used < size) {
      const WebSocketFrame frame = read_frame(data + used, size - used);
      if (frame.state == FrameState::Partial) break;
      if (frame.state == FrameState::Broken || frame.opcode == Opcode::Close) {
        disconnect(peer);
        return size;
      }
      used += frame.size;
      const auto parsed = scan_frame(frame.payload);
      if (parsed) on_frame(peer, *parsed);
    }
    return used;
  }

  size_t upgrade(Peer& peer, std::string_view data) {
    const size_t end = data.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const auto key = find_header(data.substr(0, end + 2), "Sec-WebSocket-Key");
    peer.out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    peer.out += "Sec-WebSocket-Accept: " + accept_value(key);
    peer.out += "\r\nSec-WebSocket-Protocol: " + std::string(kSubprotocol) + "\r\n\r\n";
    peer.upgraded = true;
    mark_dirty(peer);
    return end + 4;
  }

  void on_frame(Peer& peer, const FrameView& frame) {
    switch (frame.kind) {
      case Body::Hello:
        on_hello(peer, frame);
        break;
      case Body::Send:
        on_send(peer, frame);
        break;
      case Body::CreateConversation:
        add_members(peer, frame, 4);
        break;
      case Body::AddMembers:
        add_members(peer, frame, 3);
        break;
      default:
        break;  // DeliverAck needs no answer
    }
  }

  // The name comes from Hello's `client`, where the bench repeats it: the floor knows no tokens.
  void on_hello(Peer& peer, const FrameView& frame) {
    WireReader reader(frame.body);
    while (reader.next()) {
      if (reader.field == 2) {
        peer.user = user_number(reader.bytes.substr(reader.bytes.find(' ') + 1));
      }
    }
    if (peer.user == UINT32_MAX) return;
    if (users_.size() <= peer.user) users_.resize(peer.user + 1);
    users_[peer.user] = &peer;
    peer.name = user_name(peer.user);
    std::string welcome;
    put_bytes(welcome, 1, peer.name);
    encode_frame(scratch_, frame.request_id, Body::Welcome, welcome);
    push(peer, scratch_);
  }

  uint32_t find_room(Peer& peer, const SendFields& fields) {
    if (peer.room != UINT32_MAX && rooms_[peer.room].id == fields.conversation_id) {
      return peer.room;
    }
    std::string id(fields.conversation_id);
    const uint32_t other = user_number(fields.to_user_id);
    if (id.empty()) {
      id = "1-" + std::to_string(std::min(peer.user, other)) + '-' +
           std::to_string(std::max(peer.user, other));
    }
    const auto [at, added] = room_by_id_.try_emplace(id, static_cast<uint32_t>(rooms_.size()));
    if (added) rooms_.push_back({.id = id, .members = {peer.user, other}});
    peer.room = at->second;
    return at->second;
  }

  // Gives the message its seq and writes the Deliver frame that is logged now and sent later.
  void on_send(Peer& peer, const FrameView& frame) {
    const SendFields fields = scan_send(frame.body);
    const uint32_t room_index = find_room(peer, fields);
    Room& room = rooms_[room_index];
    const uint64_t mark = std::hash<std::string_view>{}(fields.client_message_id);
    const uint64_t seq = ++room.seq;

    message_.clear();
    put_bytes(message_, 1, room.id);
    put_bytes(message_, 2, to_message_id(mark));
    put_bytes(message_, 3, peer.name);
    put_bytes(message_, 4, fields.client_message_id);
    put_bytes(message_, 6, fields.content);
    put_number(message_, 20, seq);
    body_.clear();
    put_bytes(body_, 1, message_);
    put_number(body_, 2, seq - 1);
    encode_frame(scratch_, 0, Body::Deliver, body_);

    const size_t offset = batch_.bytes.size();
    append_server_frame_header(batch_.bytes, Opcode::Binary, scratch_.size());
    batch_.bytes += scratch_;
    batch_.messages.push_back({.sender = peer.user,
                               .conversation = room_index,
                               .request_id = frame.request_id,
                               .seq = seq,
                               .message_mark = mark,
                               .offset = offset,
                               .size = batch_.bytes.size() - offset});
  }

  void deliver(const FloorBatch& batch) {
    for (const FloorMessage& message : batch.messages) {
      const Room& room = rooms_[message.conversation];
      const auto bytes = std::string_view(batch.bytes).substr(message.offset, message.size);
      for (const uint32_t member : room.members) {
        if (member == message.sender || member >= users_.size()) continue;
        Peer* peer = users_[member];
        if (peer == nullptr) continue;
        peer->out += bytes;
        mark_dirty(*peer);
      }
      Peer* sender = users_[message.sender];
      if (sender == nullptr) continue;
      body_.clear();
      put_bytes(body_, 1, to_message_id(message.message_mark));
      put_bytes(body_, 3, room.id);
      put_number(body_, 4, message.seq);
      encode_frame(scratch_, message.request_id, Body::Persisted, body_);
      push(*sender, scratch_);
    }
  }

  void add_members(Peer& peer, const FrameView& frame, uint32_t members_field) {
    std::string id = "group";
    std::vector<uint32_t> members;
    WireReader reader(frame.body);
    while (reader.next()) {
      if (reader.field == members_field && reader.type == WireType::Bytes) {
        members.push_back(user_number(reader.bytes));
      } else if (reader.field == 1) {
        if (frame.kind == Body::CreateConversation) id += reader.bytes;
      } else if (reader.field == 2 && reader.type == WireType::Bytes) {
        id = reader.bytes;
      }
    }
    const auto [at, added] = room_by_id_.try_emplace(id, static_cast<uint32_t>(rooms_.size()));
    if (added) rooms_.push_back({.id = id, .members = {peer.user}});
    Room& room = rooms_[at->second];
    for (const uint32_t member : members) {
      if (member < users_.size()) room.members.push_back(member);  // only those online now
    }
    body_.clear();
    put_bytes(body_, 1, id);
    encode_frame(scratch_, frame.request_id, Body::ConversationChanged, body_);
    push(peer, scratch_);
  }

  static std::string_view to_message_id(const uint64_t& mark) {
    static thread_local std::array<char, 16> id{};
    std::memcpy(id.data(), &mark, 8);
    std::memcpy(id.data() + 8, &mark, 8);
    return {id.data(), id.size()};
  }

  void push(Peer& peer, std::string_view payload) {
    append_server_frame_header(peer.out, Opcode::Binary, payload.size());
    peer.out += payload;
    mark_dirty(peer);
  }

  void mark_dirty(Peer& peer) {
    if (peer.dirty) return;
    peer.dirty = true;
    dirty_.push_back(&peer);
  }

  void flush() {
    for (Peer* peer : dirty_) {
      peer->dirty = false;
      if (peer->fd >= 0 && !peer->waits_for_room) flush(*peer);
    }
    dirty_.clear();
  }

  void flush(Peer& peer) {
    const ssize_t sent = send(peer.fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    if (sent > 0) peer.out.erase(0, static_cast<size_t>(sent));
    const bool waits = !peer.out.empty();
    if (waits == peer.waits_for_room) return;
    peer.waits_for_room = waits;
    watch(peer.fd, &peer, EPOLLIN | (waits ? uint32_t{EPOLLOUT} : 0U), EPOLL_CTL_MOD);
  }

  void disconnect(Peer& peer) {
    if (peer.user < users_.size() && users_[peer.user] == &peer) users_[peer.user] = nullptr;
    close(peer.fd);
    peer = Peer{.dirty = peer.dirty};
  }

  void watch(int fd, void* what, uint32_t events, int operation) {
    epoll_event event{.events = events, .data = {.ptr = what}};
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) fail_errno("epoll_ctl");
  }

  const int listener_;
  const int epoll_;
  FloorLog log_;
  std::vector<char> buffer_;
  std::vector<std::unique_ptr<Peer>> peers_;  // by descriptor; the address stays for epoll
  std::vector<Peer*> users_;
  std::vector<Room> rooms_;
  std::unordered_map<std::string, uint32_t> room_by_id_;
  std::vector<Peer*> dirty_;
  FloorBatch batch_;
  std::string scratch_;
  std::string body_;
  std::string message_;
};

}  // namespace

void serve_floor(int listener, const FloorSettings& settings,
                 const std::function<void()>& on_ready) {
  FloorServer server(listener, settings);
  on_ready();
  server.run();
}

}  // namespace flare::bench
