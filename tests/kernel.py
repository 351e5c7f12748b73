"""A notebook's kernel, driven from a signed-in browser page through the gate, as JupyterLab drives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

_RUN = """
async ([base, code, seconds]) => {
  const xsrf = (document.cookie.match(/(?:^|; )_xsrf=([^;]*)/) || [])[1] || '';
  const answer = await fetch(base + 'api/sessions', {
    method: 'POST',
    headers: {'Content-Type': 'application/json', 'X-XSRFToken': decodeURIComponent(xsrf)},
    body: JSON.stringify({path: 'attack.ipynb', name: 'attack.ipynb', type: 'notebook',
                          kernel: {name: 'python3'}}),
  });
  if (!answer.ok) return {error: 'POST api/sessions: ' + answer.status + ' ' + await answer.text()};
  const kernel = (await answer.json()).kernel.id;
  const url = base.replace(/^http/, 'ws') + 'api/kernels/' + kernel + '/channels?session_id=attack';
  const socket = new WebSocket(url, ['v1.kernel.websocket.jupyter.org']);
  socket.binaryType = 'arraybuffer';
  const encode = (channel, parts) => {
    const utf8 = new TextEncoder();
    const chunks = [utf8.encode(channel), ...parts.map(part => utf8.encode(JSON.stringify(part)))];
    const head = 8 * (1 + chunks.length + 1);
    const offsets = [head];
    for (const chunk of chunks) offsets.push(offsets[offsets.length - 1] + chunk.byteLength);
    const bytes = new Uint8Array(offsets[offsets.length - 1]);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(offsets.length), true);
    offsets.forEach((offset, i) => view.setBigUint64(8 * (i + 1), BigInt(offset), true));
    chunks.forEach((chunk, i) => bytes.set(chunk, offsets[i]));
    return bytes.buffer;
  };
  const decode = buffer => {
    const view = new DataView(buffer);
    const count = Number(view.getBigUint64(0, true));
    const offsets = [];
    for (let i = 0; i < count; i++) offsets.push(Number(view.getBigUint64(8 * (i + 1), true)));
    const slice = i => new Uint8Array(buffer, offsets[i], offsets[i + 1] - offsets[i]);
    const text = i => new TextDecoder().decode(slice(i));
    return {channel: text(0), header: JSON.parse(text(1)), parent: JSON.parse(text(2)),
            metadata: JSON.parse(text(3)), content: JSON.parse(text(4)), buffers: count - 6};
  };
  return await new Promise(resolve => {
    const messages = [];
    const id = 'm' + Math.random().toString(16).slice(2);
    const done = extra => { clearTimeout(timer); try { socket.close(); } catch (e) {}
                            resolve({messages, ...extra}); };
    const timer = setTimeout(() => done({error: 'no answer in time'}), seconds * 1000);
    socket.onopen = () => socket.send(encode('shell', [
      {msg_id: id, msg_type: 'execute_request', username: 'x', session: 'attack',
       date: new Date().toISOString(), version: '5.3'}, {}, {},
      {code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false,
       stop_on_error: true}]));
    socket.onclose = event => done({closed: event.code, reason: event.reason});
    let idle = false, replied = false;
    socket.onmessage = event => {
      if (typeof event.data === 'string') { messages.push({text: event.data}); return; }
      const message = decode(event.data);
      messages.push(message);
      if (message.parent.msg_id !== id) return;
      if (message.header.msg_type === 'status' && message.content.execution_state === 'idle') idle = true;
      if (message.header.msg_type === 'execute_reply') replied = true;
      if (idle && replied) done({});
    };
  });
}
"""


@dataclass(frozen=True)
class Ran:
    """What came back to the browser for one execution."""

    messages: list[dict[str, Any]]
    error: str | None
    closed: int | None

    @property
    def text(self) -> str:
        """Everything printed, shown or raised, as text."""
        parts = []
        for message in self.messages:
            content = message.get("content", {})
            kind = message.get("header", {}).get("msg_type")
            if kind == "stream":
                parts.append(content.get("text", ""))
            elif kind in {"execute_result", "display_data", "update_display_data"}:
                parts.append(str(content.get("data", {}).get("text/plain", "")))
            elif kind == "error":
                parts.append(f"{content.get('ename')}: {content.get('evalue')}")
        return "".join(parts)

    @property
    def mime_types(self) -> set[str]:
        """Every type of output that reached the browser."""
        return {
            name
            for message in self.messages
            for name in message.get("content", {}).get("data", {})
            if isinstance(message.get("content", {}).get("data"), dict)
        }


def run(page: Page, base: str, code: str, *, seconds: float = 60) -> Ran:
    """Run code in the session's kernel from a page of the lab's origin; `base` ends with a slash."""
    answer = page.evaluate(_RUN, [base, code, seconds])
    return Ran(messages=answer.get("messages", []), error=answer.get("error"), closed=answer.get("closed"))


_WATCH = """
async ([base]) => {
  const xsrf = (document.cookie.match(/(?:^|; )_xsrf=([^;]*)/) || [])[1] || '';
  const answer = await fetch(base + 'api/sessions', {
    method: 'POST',
    headers: {'Content-Type': 'application/json', 'X-XSRFToken': decodeURIComponent(xsrf)},
    body: JSON.stringify({path: 'watch.ipynb', name: 'watch.ipynb', type: 'notebook',
                          kernel: {name: 'python3'}}),
  });
  const kernel = (await answer.json()).kernel.id;
  const url = base.replace(/^http/, 'ws') + 'api/kernels/' + kernel + '/channels?session_id=watch';
  const socket = new WebSocket(url, ['v1.kernel.websocket.jupyter.org']);
  window.watched = {opened: 0, closed: 0};
  socket.onclose = event => { window.watched = {...window.watched, closed: Date.now() / 1000,
                                                code: event.code, reason: event.reason}; };
  await new Promise((resolve, reject) => {
    socket.onopen = () => { window.watched.opened = Date.now() / 1000; resolve(); };
    socket.onerror = () => reject(new Error('the websocket did not open'));
  });
}
"""


def watch(page: Page, base: str) -> None:
    """Open a kernel's websocket in the page and keep it open; `closed` says when it ended."""
    page.evaluate(_WATCH, [base])


def closed(page: Page) -> float:
    """Return when the watched websocket was closed, in seconds since 1970, or 0 while it is open."""
    return float(page.evaluate("window.watched.closed"))
