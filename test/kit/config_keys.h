// The server's configuration keys that tests set, as environment variables.
#pragma once

namespace flare::kit::config {

inline constexpr char kListen[] = "FLARE_ACCESS_GATEWAY__LISTEN";
inline constexpr char kHandshakeTimeout[] = "FLARE_ACCESS_GATEWAY__HANDSHAKE_TIMEOUT";
inline constexpr char kHeartbeatInterval[] = "FLARE_ACCESS_GATEWAY__HEARTBEAT_INTERVAL";
inline constexpr char kHeartbeatTimeout[] = "FLARE_ACCESS_GATEWAY__HEARTBEAT_TIMEOUT";
inline constexpr char kSendsPerSecond[] = "FLARE_ACCESS_GATEWAY__SENDS_PER_SECOND";
inline constexpr char kSendsBurst[] = "FLARE_ACCESS_GATEWAY__SENDS_BURST";

}  // namespace flare::kit::config
