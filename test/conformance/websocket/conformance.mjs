// An independent WebSocket implementation (npm ws) against the listener, and raw bytes that no
// implementation would send: node conformance.mjs <echo server binary>
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import readline from 'node:readline';

import WebSocket from 'ws';

const server = spawn(process.argv[2], { stdio: ['pipe', 'pipe', 'inherit'] });
const [address] = await once(readline.createInterface(server.stdout), 'line');
const port = Number(address.split(':').at(-1));
const url = `ws://${address}/ws`;

async function open(protocol = 'flare.v1.proto', options = {}) {
  const socket = new WebSocket(url, protocol, options);
  await once(socket, 'open');
  return socket;
}

// Sends one message and resolves with the answer; fails when the connection closes instead.
function ask(socket, message, options = {}) {
  return new Promise((resolve, reject) => {
    const refuse = (code) => reject(new Error(`closed with ${code}`));
    socket.once('message', (data, binary) => {
      socket.off('close', refuse);
      resolve({ data, binary });
    });
    socket.once('close', refuse);
    socket.send(message, options);
  });
}

async function end_of(socket) {
  const [code, reason] = await once(socket, 'close');
  return { code, reason: reason.toString() };
}

// A connection after its upgrade, as bytes; ends with the close code the server sent, if any.
async function raw(...chunks) {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(
    'GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      'Sec-WebSocket-Protocol: flare.v1.json\r\n\r\n',
  );
  let received = Buffer.alloc(0);
  socket.on('data', (data) => (received = Buffer.concat([received, data])));
  await once(socket, 'data');
  for (const chunk of chunks) socket.write(chunk);
  await once(socket, 'end');
  socket.destroy();
  const frames = received.subarray(received.indexOf('\r\n\r\n') + 4);
  return frames[0] === 0x88 && frames.length >= 4 ? frames.readUInt16BE(2) : null;
}

function client_frame(first, payload) {
  const mask = randomBytes(4);
  const bytes = Buffer.from(payload);
  return Buffer.concat([
    Buffer.from([first, 0x80 | bytes.length]),
    mask,
    bytes.map((byte, i) => byte ^ mask[i % 4]),
  ]);
}

const cases = {
  async 'binary messages of many sizes come back'() {
    const socket = await open();
    const sizes = [0, 1, 2, 3, 4, 7, 8, 9, 125, 126, 127, 1000, 4096, 65_535, 65_536, 70_000];
    for (let size = 0; size < 300; size += 1) sizes.push(size);
    for (const size of sizes) {
      const payload = randomBytes(size);
      const answer = await ask(socket, payload);
      assert.ok(answer.binary);
      assert.ok(payload.equals(answer.data), `${size} bytes`);
    }
    socket.close(1000);
    assert.equal((await end_of(socket)).code, 1000);
  },

  async 'text messages come back as text'() {
    const socket = await open('flare.v1.json');
    for (const text of ['', '{"hello":"world"}', 'ä你😀'.repeat(2000)]) {
      const answer = await ask(socket, text);
      assert.equal(answer.binary, false);
      assert.equal(answer.data.toString(), text);
    }
    socket.terminate();
  },

  async 'the subprotocol is the first offered that is known'() {
    const socket = await open(['other', 'flare.v1.json', 'flare.v1.proto']);
    assert.equal(socket.protocol, 'flare.v1.json');
    socket.terminate();
  },

  async 'no known subprotocol is refused'() {
    const socket = new WebSocket(url, 'other');
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, 400);
    response.destroy();
  },

  async 'compression is not agreed to'() {
    const socket = await open('flare.v1.proto', { perMessageDeflate: true });
    assert.equal(socket.extensions, '');
    assert.ok((await ask(socket, Buffer.alloc(5000))).data.equals(Buffer.alloc(5000)));
    socket.terminate();
  },

  async 'fragments are put together, with pings between them'() {
    const socket = await open();
    const pong = once(socket, 'pong');
    socket.send(Buffer.from('one '), { fin: false });
    socket.ping('between');
    socket.send(Buffer.from('two '), { fin: false });
    const answer = await ask(socket, Buffer.from('three'), { fin: true });
    assert.equal(answer.data.toString(), 'one two three');
    assert.equal((await pong)[0].toString(), 'between');
    socket.terminate();
  },

  async 'pings of all sizes are answered with their bytes'() {
    const socket = await open();
    for (const size of [0, 1, 64, 125]) {
      const payload = randomBytes(size);
      const pong = once(socket, 'pong');
      socket.ping(payload);
      assert.ok(payload.equals((await pong)[0]));
    }
    socket.pong('unasked');
    assert.equal((await ask(socket, Buffer.from('still here'))).data.toString(), 'still here');
    socket.terminate();
  },

  async 'a thousand messages keep their order'() {
    const socket = await open();
    const received = [];
    socket.on('message', (data) => received.push(data.readUInt32BE(0)));
    for (let i = 0; i < 1000; i += 1) {
      const message = Buffer.alloc(4 + (i % 200));
      message.writeUInt32BE(i);
      socket.send(message);
    }
    while (received.length < 1000) await once(socket, 'message');
    assert.deepEqual(received, [...Array(1000).keys()]);
    socket.terminate();
  },

  async 'close codes of the client are echoed'() {
    for (const code of [1000, 1001, 1003, 1011, 3000, 4000, 4999]) {
      const socket = await open();
      socket.close(code, 'bye');
      assert.equal((await end_of(socket)).code, code);
    }
    const socket = await open();
    socket.close();
    assert.equal((await end_of(socket)).code, 1005);
  },

  async 'close codes of the server arrive with their reason'() {
    for (const code of [1000, 1001, 1013, 4000, 4102]) {
      const socket = await open();
      socket.send(Buffer.from(`close ${code} because äöü`));
      assert.deepEqual(await end_of(socket), { code, reason: 'because äöü' });
    }
  },

  async 'a message above the limit is too big'() {
    const socket = await open();
    socket.send(Buffer.alloc(256 * 1024 + 1));
    assert.equal((await end_of(socket)).code, 1009);
    const fragments = await open();
    fragments.send(Buffer.alloc(200_000), { fin: false });
    fragments.send(Buffer.alloc(200_000), { fin: true });
    assert.equal((await end_of(fragments)).code, 1009);
  },

  async 'bytes that are no frames close with their code'() {
    const rows = [
      [1002, Buffer.from([0x81, 0x01, 0x78])],
      [1002, client_frame(0xc1, 'x')],
      [1002, client_frame(0xa1, 'x')],
      [1002, client_frame(0x91, 'x')],
      [1002, client_frame(0x83, 'x')],
      [1002, client_frame(0x8f, 'x')],
      [1002, client_frame(0x09, 'x')],
      [1002, client_frame(0x80, 'x')],
      [1002, client_frame(0x01, 'x'), client_frame(0x81, 'y')],
      [1002, client_frame(0x88, 'x')],
      [1002, client_frame(0x88, Buffer.from([0x03, 0xed]))],
      [1002, Buffer.from([0x89, 0xfe, 0, 126, 1, 2, 3, 4])],
      [1002, Buffer.from([0x81, 0xfe, 0, 125, 1, 2, 3, 4])],
      [1007, client_frame(0x81, Buffer.from([0xff]))],
      [1007, client_frame(0x01, Buffer.from([0xc3])), client_frame(0x80, 'x')],
      [1007, client_frame(0x88, Buffer.from([0x03, 0xe8, 0xff]))],
      [1009, Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4])],
      [4100, client_frame(0x82, 'binary where text is spoken')],
    ];
    for (const [code, ...chunks] of rows) assert.equal(await raw(...chunks), code, String(chunks));
  },

  async 'requests that are no upgrade are told so'() {
    const base = `http://${address}`;
    assert.equal((await fetch(`${base}/ws`)).status, 426);
    assert.equal((await fetch(`${base}/other`)).status, 404);
    assert.equal((await fetch(`${base}/ws`, { method: 'POST', body: 'x' })).status, 400);
  },

  async 'the server says that it goes away'() {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => open()));
    const ends = sockets.map(end_of);
    // Listened for before it can happen: the server may be gone as soon as the last socket is.
    const exited = once(server, 'exit');
    server.stdin.end();
    for (const end of ends) assert.equal((await end).code, 1001);
    const [status] = await exited;
    assert.equal(status, 0);
  },
};

const patience = setTimeout(() => {
  console.error('no end in 60 s');
  server.kill();
  process.exit(1);
}, 60_000);
let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
clearTimeout(patience);
if (server.exitCode === null) server.kill();
process.exit(failed === 0 ? 0 : 1);
