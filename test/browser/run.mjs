// The demo chat in a real browser against a running server: people log in, chat, lose the network
// and come back. Run: node test/browser/run.mjs --url http://127.0.0.1:PORT [--screenshots DIR]
// Needs what `npm ci --prefix web` installs, and Chromium (CHROMIUM names another than
// /usr/bin/chromium).
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { parseArgs } from "node:util";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const { values: options } = parseArgs({
  options: { url: { type: "string" }, screenshots: { type: "string" } },
});
if (!options.url) {
  console.error("usage: run.mjs --url http://127.0.0.1:PORT [--screenshots DIR]");
  process.exit(2);
}
const url = options.url.replace(/\/$/, "");
if (options.screenshots) mkdirSync(options.screenshots, { recursive: true });

const waitMs = 15_000;
// Names of this run only, so that it can be repeated against a server that keeps its data.
const run = Date.now().toString(36).slice(-5);
const name = (who) => `${who}-${run}`;

// ---- a network that can be cut: TCP between one page and the server

async function startProxy(target) {
  const { hostname, port } = new URL(target);
  const sockets = new Set();
  const links = new Set();
  let up = true;
  const proxy = net.createServer((socket) => {
    if (!up) return socket.destroy();
    const server = net.connect(Number(port || 80), hostname);
    for (const end of [socket, server]) {
      sockets.add(end);
      end.on("error", () => {});
      end.on("close", () => (sockets.delete(end), socket.destroy(), server.destroy()));
    }
    const link = { socket, server };
    links.add(link);
    socket.on("close", () => links.delete(link));
    socket.pipe(server).pipe(socket);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = new URL(target);
  address.hostname = "127.0.0.1";
  address.port = String(proxy.address().port);
  return {
    url: address.href,
    cut() {
      up = false;
      for (const socket of sockets) socket.destroy();
    },
    restore() {
      up = true;
    },
    /** What the server says stays on the way; what it is told still reaches it. */
    holdAnswers() {
      for (const { socket, server } of links) server.unpipe(socket).pause();
    },
    releaseAnswers() {
      for (const { socket, server } of links) server.pipe(socket);
    },
    close() {
      this.cut();
      proxy.close();
    },
  };
}

const config = await (await fetch(`${url}/demo/config.json`)).json();
const proxy = await startProxy(config.websocket_url);

// ---- people

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const foreignRequests = [];
const pageErrors = [];
const pages = new Map();

class Person {
  constructor(who, page) {
    this.who = who;
    this.page = page;
  }

  static async open(who, { context, throughProxy = false, ...contextOptions } = {}) {
    const owner =
      context ??
      (await browser.newContext({ viewport: { width: 1180, height: 780 }, ...contextOptions }));
    const page = await owner.newPage();
    page.setDefaultTimeout(waitMs);
    page.on("request", (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith("data:"))
        foreignRequests.push(request.url());
    });
    page.on("pageerror", (error) => pageErrors.push(`${who}: ${error.stack ?? error}`));
    if (throughProxy) {
      await page.route("**/demo/config.json", (route) =>
        route.fulfill({ json: { ...config, websocket_url: proxy.url } }),
      );
    }
    await page.goto(`${url}/`);
    const person = new Person(who, page);
    pages.set(`${who}-${pages.size}`, page);
    return person;
  }

  async login() {
    await this.page.getByTestId("login-name").fill(name(this.who));
    await this.page.getByTestId("login-submit").click();
    await this.online();
    return this;
  }

  async online() {
    await this.page
      .getByTestId("me")
      .filter({ hasText: name(this.who) })
      .waitFor();
    await this.page.getByTestId("connection-banner").waitFor({ state: "detached" });
  }

  item(title) {
    return this.page.locator(`[data-testid=conversation][data-title="${title}"]`);
  }

  async openChat(title) {
    await this.item(title).click();
    await this.page.getByTestId("chat-title").filter({ hasText: title }).waitFor();
  }

  async newChat(userName) {
    await this.page.getByTestId("new-chat").click();
    await this.page.getByTestId("new-chat-user").fill(userName);
    await this.page.getByTestId("new-chat-submit").click();
    await this.page.getByTestId("chat-title").filter({ hasText: userName }).waitFor();
  }

  async say(text) {
    await this.page.getByTestId("composer").fill(text);
    await this.page.getByTestId("composer").press("Enter");
  }

  message(text) {
    return this.page
      .getByTestId("message")
      .filter({ has: this.page.getByTestId("message-text").getByText(text, { exact: true }) });
  }

  async sees(text) {
    await this.message(text).first().waitFor();
  }

  /** Waits until a message of one's own has come so far. */
  async status(text, ...wanted) {
    await eventually(async () => {
      const status = await this.message(text).getAttribute("data-status");
      assert.ok(
        wanted.includes(status),
        `status of "${text}": ${status}, wanted ${wanted.join(" or ")}`,
      );
    });
  }

  texts() {
    return this.page.getByTestId("message-text").allTextContents();
  }

  async badge(title, count) {
    await eventually(async () => {
      const [shown = "0"] = await this.item(title).getByTestId("unread-badge").allTextContents();
      assert.equal(Number(shown), count, `unread of ${title}`);
    });
  }

  async shot(file) {
    if (options.screenshots)
      await this.page.screenshot({ path: `${options.screenshots}/${file}.png` });
  }
}

async function eventually(check, limitMs = waitMs) {
  const end = Date.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

// ---- the story

let passed = 0;
let failed = 0;

async function step(title, action) {
  try {
    await action();
    passed += 1;
    console.log(`ok ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${title}`);
    console.log(String(error.stack ?? error).replace(/^/gm, "    "));
    for (const [who, page] of options.screenshots ? pages : []) {
      const path = `${options.screenshots}/failed-${failed}-${who}.png`;
      await page.screenshot({ path }).catch(() => {});
    }
  }
}

let alice, bob, carol, group;
const ab = name("bob");
const ba = name("alice");

try {
  await step("login by name", async () => {
    alice = await Person.open("alice");
    await alice.shot("login");
    await alice.login();
    bob = await (await Person.open("bob", { throughProxy: true })).login();
  });

  await step("a first message starts a chat, with preview and unread badge", async () => {
    await alice.newChat(ab);
    await alice.say("Hello Bob");
    await alice.sees("Hello Bob");
    await bob.item(ba).waitFor();
    await bob.badge(ba, 1);
    const preview = await bob.item(ba).getByTestId("conversation-preview").textContent();
    assert.equal(preview, "Hello Bob");
    await eventually(async () => assert.equal(await bob.page.title(), "(1) Flare"));
  });

  await step("a message the other device has is delivered", async () => {
    await alice.status("Hello Bob", "delivered");
  });

  await step("opening the chat reads it", async () => {
    await bob.openChat(ba);
    await bob.sees("Hello Bob");
    await bob.badge(ba, 0);
    await alice.status("Hello Bob", "read");
  });

  await step("both ways, in one order", async () => {
    for (let i = 1; i <= 5; ++i) {
      await alice.say(`a${i}`);
      await bob.say(`b${i}`);
    }
    await alice.status("a5", "read");
    await bob.status("b5", "read");
    assert.deepEqual(await alice.texts(), await bob.texts());
    assert.equal((await alice.texts()).length, 11);
  });

  await step("the newest conversation is on top, and unread adds up", async () => {
    carol = await (await Person.open("carol")).login();
    await carol.newChat(ba);
    for (let i = 1; i <= 3; ++i) await carol.say(`c${i}`);
    await alice.badge(name("carol"), 3);
    const titles = await alice.page.getByTestId("conversation-title").allTextContents();
    assert.deepEqual(titles, [name("carol"), ab]);
    await carol.status("c3", "delivered");
  });

  await step("a user who is away gets one tick until he is here", async () => {
    await alice.newChat(name("dave"));
    await alice.say("Are you there?");
    await alice.status("Are you there?", "accepted");
    const dave = await (await Person.open("dave")).login();
    await dave.badge(ba, 1);
    await alice.status("Are you there?", "delivered");
    await dave.page.context().close();
    pages.delete([...pages.keys()].find((key) => key.startsWith("dave")));
  });

  await step("Enter sends, Shift+Enter starts a new line", async () => {
    await alice.openChat(ab);
    const composer = alice.page.getByTestId("composer");
    await composer.pressSequentially("first");
    await composer.press("Shift+Enter");
    await composer.pressSequentially("second");
    await composer.press("Enter");
    await bob.sees("first\nsecond");
    assert.equal(await composer.inputValue(), "");
  });

  await step("markup in a message stays text", async () => {
    await alice.say("<img src=x onerror=alert(1)> & <b>bold</b>");
    await bob.sees("<img src=x onerror=alert(1)> & <b>bold</b>");
  });

  await step("a group of three: created, spoken in, read by all", async () => {
    group = `Trip ${run}`;
    await alice.page.getByTestId("new-group").click();
    await alice.page.getByTestId("new-group-title").fill(group);
    await alice.page.getByTestId("new-group-members").fill(`${ab}, ${name("carol")}`);
    await alice.shot("new-group");
    await alice.page.getByTestId("new-group-submit").click();
    await alice.page.getByTestId("chat-title").filter({ hasText: group }).waitFor();
    await alice.page
      .getByTestId("system-line")
      .filter({ hasText: `You created “${group}”` })
      .waitFor();
    await alice.say("Who brings the tent?");
    await bob.badge(group, 1);
    await alice.status("Who brings the tent?", "delivered");
    await bob.openChat(group);
    await bob.say("I do");
    await carol.openChat(group);
    await carol.say("And I the stove");
    await alice.status("Who brings the tent?", "read");
    for (const person of [alice, bob, carol]) {
      await person.sees("And I the stove");
      assert.deepEqual(await person.texts(), ["Who brings the tent?", "I do", "And I the stove"]);
      assert.equal(await person.page.getByTestId("chat-subtitle").textContent(), "3 members");
    }
    await alice.shot("group");
  });

  await step("a group is renamed and grows", async () => {
    await alice.page.getByTestId("group-details").click();
    await alice.page.getByTestId("group-title").fill(`${group} north`);
    await alice.page.getByTestId("group-rename").click();
    await alice.page.getByTestId("group-add-name").fill(name("erin"));
    await alice.page.getByTestId("group-add").click();
    await alice.page.locator(`[data-testid=member][data-user="${name("erin")}"]`).waitFor();
    await alice.shot("group-details");
    await alice.page.keyboard.press("Escape");
    group = `${group} north`;
    await bob.page.getByTestId("chat-title").filter({ hasText: group }).waitFor();
    await bob.page
      .getByTestId("system-line")
      .filter({ hasText: `${ba} added ${name("erin")}` })
      .waitFor();
    await carol.item(group).waitFor();
  });

  await step("a lost connection shows, and what was missed comes in order and once", async () => {
    await bob.openChat(ba);
    await alice.openChat(ab);
    proxy.cut();
    await bob.page.getByTestId("connection-banner").waitFor();
    await bob.say("written without a network");
    await bob.status("written without a network", "sending");
    await bob.shot("offline");
    const missed = Array.from({ length: 40 }, (_, index) => `missed ${index + 1}`);
    for (const text of missed) await alice.say(text);
    await alice.status("missed 40", "accepted");
    await carol.say("missed in the group");
    proxy.restore();
    await bob.online();
    await bob.sees("missed 40");
    await bob.status("written without a network", "delivered", "read");
    await alice.sees("written without a network");
    await alice.status("missed 40", "read");
    const all = (await bob.texts()).filter((text) => text.startsWith("missed"));
    assert.deepEqual(all, missed);
    assert.deepEqual(await alice.texts(), await bob.texts());
    await bob.badge(group, 1);
  });

  await step(
    "an answer that comes too late leads to a second try, not to a second message",
    async () => {
      proxy.holdAnswers();
      await bob.say("only once");
      await alice.sees("only once");
      // The client gives an answer ten seconds before it sends again.
      await new Promise((resolve) => setTimeout(resolve, 11_500));
      await bob.status("only once", "sending");
      proxy.releaseAnswers();
      await bob.status("only once", "delivered", "read");
      await bob.say("and this after it");
      await alice.sees("and this after it");
      for (const person of [alice, bob]) {
        const end = (await person.texts()).slice(-2);
        assert.deepEqual(end, ["only once", "and this after it"]);
        assert.equal(await person.message("only once").count(), 1);
      }
    },
  );

  await step("messages around lost connections are neither lost nor doubled", async () => {
    for (let round = 1; round <= 3; ++round) {
      await bob.say(`round ${round}`);
      proxy.cut();
      await bob.page.getByTestId("connection-banner").waitFor();
      proxy.restore();
      await bob.online();
    }
    await bob.status("round 3", "delivered", "read");
    await alice.sees("round 3");
    for (const person of [alice, bob]) {
      const rounds = (await person.texts()).filter((text) => text.startsWith("round"));
      assert.deepEqual(rounds, ["round 1", "round 2", "round 3"]);
    }
  });

  await step("a reload keeps the chat", async () => {
    const before = await bob.texts();
    await bob.page.reload();
    await bob.online();
    await bob.openChat(ba);
    await bob.sees("round 3");
    await eventually(async () => {
      const after = await bob.texts();
      assert.ok(after.length >= 20);
      assert.deepEqual(after, before.slice(-after.length));
    });
    await bob.badge(group, 1);
  });

  await step(
    "history of more than a hundred messages scrolls back without holes or jumps",
    async () => {
      await alice.openChat(ab);
      for (let i = 1; i <= 110; ++i) await alice.say(`line ${i}`);
      await alice.status("line 110", "delivered", "read");
      await alice.page.reload();
      await alice.online();
      await alice.openChat(ab);
      await alice.sees("line 110");
      const messages = alice.page.getByTestId("messages");
      assert.ok((await alice.texts()).length < 120, "not everything is loaded at once");
      await eventually(async () => {
        await messages.evaluate((element) => (element.scrollTop = 0));
        assert.equal((await alice.texts())[0], "Hello Bob");
      });
      const all = await alice.texts();
      assert.equal(new Set(all).size, all.length, "no message is there twice");
      const lines = all.filter((text) => text.startsWith("line"));
      assert.deepEqual(
        lines,
        Array.from({ length: 110 }, (_, index) => `line ${index + 1}`),
      );
      const seqs = await alice.page
        .getByTestId("message")
        .evaluateAll((list) => list.map((e) => Number(e.dataset.seq)));
      assert.deepEqual(
        seqs,
        seqs.map((_, index) => seqs[0] + index),
        "no hole",
      );
      assert.equal(await alice.page.getByTestId("older").count(), 0);
    },
  );

  await step("older messages do not move what is being read", async () => {
    await alice.page.reload();
    await alice.online();
    await alice.openChat(ab);
    await alice.sees("line 110");
    const messages = alice.page.getByTestId("messages");
    const settled = async () => {
      let count = -1;
      await eventually(async () => {
        const now = (await alice.texts()).length;
        const same = now === count;
        count = now;
        assert.ok(same);
        await new Promise((resolve) => setTimeout(resolve, 100));
      });
      return count;
    };
    const before = await settled();
    const anchor = alice.page.getByTestId("message").first();
    const text = await anchor.getByTestId("message-text").textContent();
    await messages.evaluate((element) => (element.scrollTop = 390));
    const top = (await alice.message(text).boundingBox()).y;
    await eventually(async () => assert.ok((await alice.texts()).length > before));
    const moved = Math.abs((await alice.message(text).boundingBox()).y - top);
    assert.ok(moved < 3, `moved by ${moved} pixels`);
  });

  await step("a second device of the same user sees and reads the same", async () => {
    const second = await (await Person.open("alice")).login();
    await second.item(group).waitFor();
    await second.openChat(ab);
    await second.sees("line 110");
    await second.say("from my other device");
    await alice.sees("from my other device");
    await bob.sees("from my other device");
    await carol.openChat(ba);
    await carol.say("for both devices");
    await alice.badge(name("carol"), 4);
    await second.openChat(name("carol"));
    await alice.badge(name("carol"), 0);
    await second.page.context().close();
    pages.delete([...pages.keys()].at(-1));
  });

  await step("a token in the address logs in and leaves the address", async () => {
    const response = await fetch(`${url}/demo/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: name("frank"), device: "token-test" }),
    });
    const { token } = await response.json();
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(waitMs);
    await page.goto(`${url}/#token=${encodeURIComponent(token)}`);
    await page
      .getByTestId("me")
      .filter({ hasText: name("frank") })
      .waitFor();
    assert.equal(new URL(page.url()).hash, "");
    await page.reload();
    await page
      .getByTestId("me")
      .filter({ hasText: name("frank") })
      .waitFor();
    await context.close();
  });

  await step("a token that is not valid is refused with a reason", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(waitMs);
    await page.goto(`${url}/#token=nonsense`);
    await page.getByTestId("login-problem").waitFor();
    await context.close();
  });

  await step("narrow and dark: one thing at a time", async () => {
    const view = {
      viewport: { width: 390, height: 780 },
      colorScheme: "dark",
      hasTouch: true,
      isMobile: true,
    };
    const narrow = await (await Person.open("bob", view)).login();
    await narrow.item(ba).waitFor();
    await narrow.shot("narrow-list-dark");
    await narrow.openChat(ba);
    await narrow.sees("from my other device");
    assert.equal(await narrow.page.getByTestId("conversation-list").isVisible(), false);
    await narrow.shot("narrow-chat-dark");
    await narrow.page.getByTestId("back").click();
    assert.equal(await narrow.page.getByTestId("conversation-list").isVisible(), true);
    await narrow.page.context().close();
    pages.delete([...pages.keys()].at(-1));
  });

  await step("log out forgets who was here", async () => {
    await bob.shot("chat");
    await bob.page.getByTestId("logout").click();
    await bob.page.getByTestId("login-name").waitFor();
    await bob.page.reload();
    await bob.page.getByTestId("login-name").waitFor();
  });

  await step("the page asks nobody but its server, and has no errors", async () => {
    assert.deepEqual(foreignRequests, []);
    assert.deepEqual(pageErrors, []);
  });
} finally {
  await browser.close();
  proxy.close();
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
