"use strict";
// Draws the buckets of the report that stands in the page. Rows are made in chunks, and only those
// near what is seen: a fleet has 100,000 buckets, and a page with as many rows is slow to lay out.
// Text from the report is only ever put in as text.
(() => {
  const CHUNK = 100;
  const ROW = 36;
  const PRINTED = 2000;

  const STATES = {
    error: ["error", "bad"],
    drift: ["drift", "bad"],
    both: ["drift and pending", "bad"],
    pending: ["pending", "warn"],
    suppressed: ["suppressed drift", "dim"],
    unchanged: ["as declared", "dim"],
  };
  const SEVERITIES = { high: "bad", medium: "warn", low: "dim" };
  const SEVERITY_ORDER = { high: 3, medium: 2, low: 1 };
  const WHOSE = { drift: "changed outside", pending: "files changed", both: "both changed" };
  const NUMBER = new Intl.NumberFormat("en");

  const byId = (id) => document.getElementById(id);
  const report = JSON.parse(byId("data").textContent);

  // What cannot be seen, or reorders what can, is written out, as the other formats do.
  const escape = (c) => {
    const code = c.codePointAt(0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  };
  const clean = (text) =>
    String(text).replace(/[\p{Cc}\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2028\u2029\u3164\uffa0]/gu, escape);

  // There is one type, and it is long: what tells addresses apart would not be seen behind it.
  const TYPE = /(^|\.)aws_s3_bucket_server_side_encryption_configuration\./;

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = clean(text);
    if (className) made.className = className;
    return made;
  };

  const stateOf = (item) => (item.suppressed && item.class === "drift" ? "suppressed" : item.class);

  // How soon somebody should look at it.
  const urgency = (item) => {
    const state = stateOf(item);
    if (state === "drift" || state === "both") return 3 + 2 * (SEVERITY_ORDER[item.severity] || 2);
    if (state === "error") return 8;
    if (item.weakening) return 6;
    return { pending: 2, suppressed: 1 }[state] || 0;
  };

  const rows = report.resources.map((item, n) => ({ item, n, state: stateOf(item), urgency: urgency(item) }));

  const KEYS = {
    address: (row) => row.n,
    bucket: (row) => row.item.bucket,
    state: (row) => row.urgency,
    severity: (row) => SEVERITY_ORDER[row.item.severity] || 0,
    action: (row) => row.item.action || "",
    account: (row) => row.item.account || "",
    region: (row) => row.item.region || "",
  };

  const table = byId("buckets");
  const search = byId("search");
  const selects = { state: byId("state"), severity: byId("severity"), action: byId("action") };
  const valueOf = {
    state: (row) => row.state,
    severity: (row) => row.item.severity || "none",
    action: (row) => row.item.action || "none",
  };

  let sort = { key: "state", down: true };
  let shown = [];
  const open = new Set();

  // The words that are looked for are all in one of the names.
  const haystack = (row) => {
    if (row.text === undefined) {
      const { address, bucket, account, region, provider } = row.item;
      row.text = [address, bucket, account, region, provider].join("\n").toLowerCase();
    }
    return row.text;
  };

  const select = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = Object.entries(selects).filter(([, control]) => control.value !== "");
    shown = rows.filter(
      (row) =>
        wanted.every(([name, control]) => valueOf[name](row) === control.value) &&
        words.every((word) => haystack(row).includes(word)),
    );
    const key = KEYS[sort.key];
    const sign = sort.down ? -1 : 1;
    shown.sort((a, b) => {
      const left = key(a);
      const right = key(b);
      return (left < right ? -sign : left > right ? sign : 0) || a.n - b.n;
    });
  };

  // ---- Rows.

  const cell = (row, text, tag) => {
    const td = element("td");
    if (text === undefined || text === null || text === "") td.textContent = "–";
    else td.append(tag ? element("span", text, `tag ${tag}`) : element("span", text));
    if (text) td.title = clean(text);
    row.append(td);
  };

  const summaryRow = (row, index) => {
    const { item, n } = row;
    const tr = element("tr", undefined, open.has(n) ? "row open" : "row");
    tr.setAttribute("aria-rowindex", String(index + 2));
    const th = element("th");
    th.scope = "row";
    const button = element("button", item.address.replace(TYPE, "$1"));
    button.type = "button";
    button.title = clean(item.address);
    button.setAttribute("aria-expanded", String(open.has(n)));
    button.setAttribute("aria-controls", `detail-${n}`);
    button.addEventListener("click", () => toggle(row, tr, button));
    th.append(button);
    tr.append(th);
    cell(tr, item.bucket);
    cell(tr, ...STATES[row.state]);
    cell(tr, item.severity, SEVERITIES[item.severity]);
    cell(tr, item.weakening ? `${item.action}, weakens` : item.action, item.weakening && "bad");
    cell(tr, item.account);
    cell(tr, item.region);
    return tr;
  };

  const facts = (item) => {
    const found = [["Address", item.address], ["Provider", item.provider]];
    if (item.place) found.push(["Declared in", `${item.place.file}:${item.place.line}`]);
    if (item.account) found.push(["Account", item.account]);
    if (item.moved_from) found.push(["Moved from", item.moved_from]);
    if (item.imported) found.push(["Imported as", item.imported]);
    if (item.reason) found.push(["Reason", item.reason]);
    for (const note of item.notes || []) found.push(["Note", note]);
    const drops = item.action === "update" || item.action === "reset";
    for (const { path, content } of item.unknown || []) {
      found.push([drops ? "Not known, dropped" : "Not known, stays", `${path} ${content}`]);
    }
    if (item.weakened) found.push(["Weakened", item.weakened]);
    if (item.weakening) found.push(["The step weakens", item.weakening]);
    if (item.status) found.push(["Step", item.status]);
    if (item.blame) {
      const { who, when, event, source, agent } = item.blame;
      const from = `${source ? ` from ${source}` : ""}${agent ? ` with ${agent}` : ""}`;
      found.push(["Changed by", `${who}, ${when} (${event}${from})`]);
    }
    if (item.suppressed) {
      const { name, reason, expires } = item.suppressed;
      found.push(["Suppressed by", `${name}: ${reason}${expires ? ` (until ${expires})` : ""}`]);
    }
    if (item.error) found.push(["Error", `${item.error.summary}: ${item.error.detail}`]);
    return found;
  };

  const differences = (item) => {
    const made = element("table");
    made.append(element("caption", `What differs of bucket ${item.bucket}`));
    const head = element("tr");
    for (const name of ["Attribute", "Recorded", "Live", "Declared", "Whose"]) {
      const th = element("th", name);
      th.scope = "col";
      head.append(th);
    }
    const thead = element("thead");
    thead.append(head);
    const body = element("tbody");
    for (const difference of item.differences) {
      const tr = element("tr");
      const path = element("th", difference.path, "value");
      path.scope = "row";
      tr.append(path);
      for (const side of ["recorded", "live", "desired"]) {
        const value = difference[side];
        const text = difference.sensitive ? "(sensitive value)" : value === undefined ? "–" : JSON.stringify(value);
        const outside = side === "live" && difference.whose !== "pending";
        tr.append(element("td", text, `value${outside ? " was" : side === "desired" ? " will" : ""}`));
      }
      tr.append(element("td", WHOSE[difference.whose] || difference.whose));
      body.append(tr);
    }
    made.append(thead, body);
    return made;
  };

  const detailRow = ({ item, n }) => {
    const tr = element("tr", undefined, "detail");
    tr.id = `detail-${n}`;
    const td = element("td");
    td.colSpan = 7;
    const list = element("dl");
    for (const [name, value] of facts(item)) list.append(element("dt", name), element("dd", value));
    td.append(list);
    if (item.differences && item.differences.length > 0) td.append(differences(item));
    else if (!item.error) td.append(element("p", "Nothing differs."));
    tr.append(td);
    return tr;
  };

  const toggle = (row, tr, button) => {
    if (open.delete(row.n)) tr.nextElementSibling.remove();
    else {
      open.add(row.n);
      tr.after(detailRow(row));
    }
    tr.classList.toggle("open", open.has(row.n));
    button.setAttribute("aria-expanded", String(open.has(row.n)));
  };

  // ---- Chunks: a body of the table each, empty but as high as its rows until it comes near.

  const filler = (height) => {
    const tr = element("tr");
    tr.setAttribute("aria-hidden", "true");
    const td = element("td");
    td.colSpan = 7;
    td.style.height = `${height}px`;
    td.style.padding = "0";
    td.style.border = "0";
    tr.append(td);
    return tr;
  };

  const draw = (body) => {
    if (body.drawn) return;
    body.drawn = true;
    const made = document.createDocumentFragment();
    for (let index = body.from; index < body.to; index += 1) {
      const row = shown[index];
      made.append(summaryRow(row, index));
      if (open.has(row.n)) made.append(detailRow(row));
    }
    body.replaceChildren(made);
  };

  const clear = (body) => {
    // Who is at a row with the keyboard must not lose it.
    if (!body.drawn || body.contains(document.activeElement)) return;
    body.drawn = false;
    body.replaceChildren(filler(body.getBoundingClientRect().height));
  };

  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) (entry.isIntersecting ? draw : clear)(entry.target);
    },
    { rootMargin: "1500px 0px" },
  );

  const layOut = () => {
    observer.disconnect();
    for (const body of [...table.tBodies]) body.remove();
    const bodies = [];
    for (let from = 0; from < shown.length; from += CHUNK) {
      const body = element("tbody");
      body.from = from;
      body.to = Math.min(from + CHUNK, shown.length);
      if (from === 0) draw(body);
      else body.append(filler(ROW * (body.to - from)));
      bodies.push(body);
    }
    if (bodies.length === 0) {
      const body = element("tbody");
      const tr = element("tr");
      const td = element("td", "No bucket matches.");
      td.colSpan = 7;
      tr.append(td);
      body.append(tr);
      bodies.push(body);
    }
    table.append(...bodies);
    table.setAttribute("aria-rowcount", String(shown.length + 1));
    for (const body of bodies) if (body.from !== undefined) observer.observe(body);
  };

  const update = () => {
    select();
    layOut();
    byId("count").textContent = `${NUMBER.format(shown.length)} of ${NUMBER.format(rows.length)} buckets`;
    for (const th of table.tHead.querySelectorAll("th")) {
      const here = th.dataset.key === sort.key;
      th.setAttribute("aria-sort", here ? (sort.down ? "descending" : "ascending") : "none");
    }
  };

  // ---- Controls.

  const fill = (name, order) => {
    const counts = new Map();
    for (const row of rows) {
      const value = valueOf[name](row);
      counts.set(value, (counts.get(value) || 0) + 1);
    }
    const names = [...counts.keys()].sort((a, b) => {
      const at = (value) => (order.includes(value) ? order.indexOf(value) : order.length);
      return at(a) - at(b) || (a < b ? -1 : 1);
    });
    for (const value of names) {
      const label = name === "state" && STATES[value] ? STATES[value][0] : value;
      const option = element("option", `${label} (${NUMBER.format(counts.get(value))})`);
      option.value = value;
      selects[name].append(option);
    }
    selects[name].addEventListener("change", update);
  };
  fill("state", Object.keys(STATES));
  fill("severity", ["high", "medium", "low", "none"]);
  fill("action", ["reset", "update", "forget", "adopt", "no-op", "none"]);

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(update, 0));
  table.tHead.addEventListener("click", (event) => {
    const th = event.target.closest("th");
    if (!th || !event.target.closest("button")) return;
    const key = th.dataset.key;
    // The worst comes first where there is a worst.
    const first = key === "state" || key === "severity";
    sort = { key, down: sort.key === key ? !sort.down : first };
    update();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });

  // What is printed is what is chosen, as far as a printer bears it.
  window.addEventListener("beforeprint", () => {
    observer.disconnect();
    for (const body of [...table.tBodies]) {
      if (body.from === undefined) continue;
      if (body.from < PRINTED) draw(body);
      else body.hidden = true;
    }
    const left = shown.length - PRINTED;
    byId("unprinted").hidden = left <= 0;
    byId("unprinted").textContent = `${NUMBER.format(Math.max(left, 0))} more are not printed. Choose fewer by the filters.`;
  });
  window.addEventListener("afterprint", () => {
    byId("unprinted").hidden = true;
    layOut();
  });

  update();
  byId("plain").hidden = true;
  byId("app").hidden = false;
})();
