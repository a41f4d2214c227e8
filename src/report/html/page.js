"use strict";
// The page of `slimimg --format html`. Texts of the image reach the document as text nodes only.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const ROW_HEIGHT = 28;
  const STATES = ["goes", "stays", "made"];

  // ---- Words and elements ----

  function bytes(count) {
    if (count < 1000) return count + " B";
    const units = ["kB", "MB", "GB", "TB", "PB"];
    let value = count / 1000;
    let unit = 0;
    while (value >= 999.95 && unit + 1 < units.length) {
      value /= 1000;
      unit += 1;
    }
    return value.toFixed(1) + " " + units[unit];
  }

  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

  function element(name, classes, ...content) {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    made.append(...content);
    return made;
  }

  const section = (parent, title, note) =>
    parent.append(element("h2", "", title, ...(note ? [element("small", "", note)] : [])));

  function table(columns, rows) {
    const head = element("tr");
    columns.forEach((column) => head.append(
      element("th", column.number ? "number" : column.classes || "", column.title)));
    const body = element("tbody");
    rows.forEach((cells) => {
      const row = element("tr");
      cells.forEach((cell, i) =>
        row.append(element("td", columns[i].number ? "number" : columns[i].classes || "", cell)));
      body.append(row);
    });
    return element("table", "", element("thead", "", head), body);
  }

  /** A table of which the first rows are shown, and the others where they are asked for. */
  function longTable(columns, rows, shown) {
    const box = element("div", "", table(columns, rows.slice(0, shown)));
    if (rows.length > shown) {
      const more = element("button", "", "all " + grouped(rows.length));
      more.addEventListener("click", () => box.replaceChildren(table(columns, rows)));
      box.append(more);
    }
    return box;
  }

  // ---- The files, as they are packed: see html.cpp ----

  function unpackFiles(image) {
    let previous = "";
    return image.files.map((packed, index) => {
      const [shared, rest, state, type, kind, size, layer, owner, reasons, more] = packed;
      previous = previous.slice(0, shared) + rest;
      return {
        index, path: previous, state, type: image.words[type], kind: image.words[kind], size, layer,
        owner: owner < 0 ? "" : image.words[owner], reasons: reasons || [], more: more || 0,
      };
    });
  }

  // ---- Treemap: squarified (Bruls, Huizing, van Wijk 2000), folders within folders ----

  function buildTree(files) {
    const root = { name: "/", path: "/", size: 0, kept: 0, children: new Map() };
    for (const file of files) {
      if (file.size === 0) continue;
      const names = file.path.split("/").filter(Boolean);
      const kept = file.state === 0 ? 0 : file.size;
      let folder = root;
      folder.size += file.size;
      folder.kept += kept;
      names.forEach((name, depth) => {
        let child = folder.children.get(name);
        if (!child) {
          child = {
            name, path: (folder.path === "/" ? "" : folder.path) + "/" + name, size: 0, kept: 0,
            children: new Map(), file: depth + 1 === names.length ? file : null, parent: folder,
          };
          folder.children.set(name, child);
        }
        child.size += file.size;
        child.kept += kept;
        folder = child;
      });
    }
    return root;
  }

  function squarify(nodes, box, place) {
    const total = nodes.reduce((sum, node) => sum + node.size, 0);
    if (total === 0 || box.w < 1 || box.h < 1) return;
    const scale = (box.w * box.h) / total;
    const worst = (row, sum, side) => {
      const length = (sum * scale) / side;
      return Math.max(...[row[0], row[row.length - 1]].map((node) => {
        const width = (node.size * scale) / length;
        return Math.max(width / length, length / width);
      }));
    };
    let { x, y, w, h } = box;
    let at = 0;
    while (at < nodes.length) {
      const side = Math.min(w, h);
      let row = [nodes[at]];
      let sum = nodes[at].size;
      while (at + row.length < nodes.length) {
        const next = nodes[at + row.length];
        const longer = [...row, next];
        if (worst(longer, sum + next.size, side) > worst(row, sum, side)) break;
        row = longer;
        sum += next.size;
      }
      const length = Math.max((sum * scale) / side, 0.01);
      let offset = 0;
      for (const node of row) {
        const width = (node.size * scale) / length;
        place(node, w >= h ? { x, y: y + offset, w: length, h: width }
          : { x: x + offset, y, w: width, h: length });
        offset += width;
      }
      if (w >= h) {
        x += length;
        w -= length;
      } else {
        y += length;
        h -= length;
      }
      if (w < 1 || h < 1) return;
      at += row.length;
    }
  }

  function treemap(parent, files, choose) {
    const root = buildTree(files);
    let folder = root;
    let places = [];
    const crumbs = element("div", "tools crumbs");
    const canvas = element("canvas");
    const tip = element("div", "tip path dim");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "What stays and what goes, by size; the table below has every file");
    parent.append(crumbs, canvas, tip);

    function paint() {
      const style = getComputedStyle(document.documentElement);
      const color = (name) => style.getPropertyValue(name).trim();
      const ratio = window.devicePixelRatio || 1;
      const width = canvas.clientWidth;
      const height = canvas.clientHeight;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      const pen = canvas.getContext("2d");
      pen.scale(ratio, ratio);
      pen.font = "12px system-ui, 'DejaVu Sans', sans-serif";
      pen.textBaseline = "middle";
      places = [];
      const label = (text, box, top, ink) => {
        if (box.w < 40) return;
        pen.save();
        pen.beginPath();
        pen.rect(box.x, box.y, box.w - 4, box.h);
        pen.clip();
        pen.fillStyle = ink;
        pen.fillText(text, box.x + 5, top);
        pen.restore();
      };
      const draw = (node, box, depth) => {
        if (box.w < 1.5 || box.h < 1.5) return;
        places.push({ node, box });
        const inner = { x: box.x + 2, y: box.y + 18, w: box.w - 4, h: box.h - 20 };
        const nested = !node.file && inner.w > 24 && inner.h > 16 && depth < 8;
        if (nested) {
          pen.fillStyle = color("--card");
          pen.fillRect(box.x, box.y, box.w, box.h);
          pen.strokeStyle = color("--line");
          pen.strokeRect(box.x + 0.5, box.y + 0.5, box.w - 1, box.h - 1);
          label(node.name + "  " + bytes(node.size), box, box.y + 10, color("--text"));
          lay(node, inner, depth + 1);
          return;
        }
        // A folder too small to be opened shows its share of both.
        const share = node.kept / node.size;
        pen.fillStyle = color("--goes");
        pen.fillRect(box.x, box.y, box.w - 1, box.h - 1);
        pen.fillStyle = color("--stays");
        pen.fillRect(box.x, box.y, (box.w - 1) * share, box.h - 1);
        if (box.h > 15) label(node.name, box, box.y + Math.min(box.h / 2, 10), color("--on-block"));
      };
      const lay = (node, box, depth) => {
        const children = [...node.children.values()].sort((a, b) => b.size - a.size);
        squarify(children, box, (child, place) => draw(child, place, depth));
      };
      pen.fillStyle = color("--page");
      pen.fillRect(0, 0, width, height);
      lay(folder, { x: 0, y: 0, w: width, h: height }, 0);
    }

    function open(node) {
      folder = node;
      const names = [];
      for (let up = node; up; up = up.parent) names.unshift(up);
      crumbs.replaceChildren(...names.map((up) => {
        const button = element("button", "path", up.name);
        button.addEventListener("click", () => open(up));
        return button;
      }), element("span", "dim", told(node)));
      paint();
    }

    const told = (node) => node.file
      ? bytes(node.size) + ", " + STATES[node.file.state]
      : bytes(node.size) + ", of which " + bytes(node.kept) + " stay";

    function at(event) {
      const frame = canvas.getBoundingClientRect();
      const x = event.clientX - frame.left;
      const y = event.clientY - frame.top;
      const hits = places.filter(({ box }) =>
        x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h);
      return hits.length ? hits[hits.length - 1].node : null;
    }

    canvas.addEventListener("mousemove", (event) => {
      const node = at(event);
      tip.textContent = node ? node.path + " · " + told(node) : "";
    });
    canvas.addEventListener("mouseleave", () => { tip.textContent = ""; });
    canvas.addEventListener("click", (event) => {
      let node = at(event);
      if (!node) return;
      if (node.file) {
        choose(node.file);
        return;
      }
      open(node);
    });
    window.addEventListener("resize", paint);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
    open(root);
  }

  // ---- The table of files: only rows in sight are in the document ----

  function filesTable(parent, image, files) {
    const columns = [
      { title: "", key: (f) => STATES[f.state], width: "74px" },
      { title: "path", key: (f) => f.path },
      { title: "bytes", key: (f) => f.size, number: true, width: "96px" },
      { title: "kind", key: (f) => f.kind, width: "170px" },
      { title: "package", key: (f) => f.owner, width: "170px" },
      { title: "why", key: (f) => (f.reasons.length ? image.words[f.reasons[0][0]] : ""), width: "140px" },
    ];
    let rows = files;
    let sorted = 2;
    let up = false;
    let chosen = null;

    const search = element("input");
    search.type = "search";
    search.placeholder = "Search by path, package or kind";
    search.setAttribute("aria-label", search.placeholder);
    const state = element("select");
    state.setAttribute("aria-label", "What to list");
    [["", "all files"], ["stays", "what stays"], ["goes", "what goes"], ["made", "made by slimimg"]]
      .forEach(([value, text]) => {
        const option = element("option", "", text);
        option.value = value;
        state.append(option);
      });
    const count = element("span", "dim count");
    const body = element("tbody");
    const head = element("tr");
    columns.forEach((column, i) => {
      const cell = element("th", column.number ? "number" : "", column.title);
      if (column.width) cell.style.width = column.width;
      cell.addEventListener("click", () => {
        up = sorted === i ? !up : !column.number;
        sorted = i;
        refresh();
      });
      head.append(cell);
    });
    const scroll = element("div", "scroll", element("table", "", element("thead", "", head), body));
    scroll.tabIndex = 0;
    const why = element("div", "why");
    why.hidden = true;
    parent.append(element("div", "tools", search, state, count), scroll, why);

    function space(height) {
      const cell = element("td");
      cell.colSpan = columns.length;
      cell.style.height = height + "px";
      return element("tr", "space", cell);
    }

    function paint() {
      const first = Math.max(0, Math.floor(scroll.scrollTop / ROW_HEIGHT) - 10);
      const last = Math.min(rows.length, first + Math.ceil(scroll.clientHeight / ROW_HEIGHT) + 20);
      const shown = rows.slice(first, last).map((file) => {
        const row = element("tr", file === chosen ? "chosen" : "");
        row.dataset.row = file.index;
        row.append(
          element("td", "", element("span", "state " + STATES[file.state], STATES[file.state])),
          element("td", "path", file.path), element("td", "number", bytes(file.size)),
          element("td", "", file.kind), element("td", "", file.owner),
          element("td", "", columns[5].key(file)));
        row.children[1].title = file.path;
        return row;
      });
      body.replaceChildren(space(first * ROW_HEIGHT), ...shown,
        space((rows.length - last) * ROW_HEIGHT));
    }

    function refresh() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const key = columns[sorted].key;
      rows = files.filter((file) =>
        (!state.value || STATES[file.state] === state.value) &&
        words.every((word) => (file.path + " " + file.owner + " " + file.kind).toLowerCase().includes(word)));
      rows.sort((a, b) => {
        const x = key(a);
        const y = key(b);
        const order = x < y ? -1 : x > y ? 1 : a.index - b.index;
        return up ? order : -order;
      });
      [...head.children].forEach((cell, i) => {
        cell.classList.toggle("sorted", i === sorted);
        cell.classList.toggle("up", i === sorted && up);
      });
      count.textContent = grouped(rows.length) + " of " + grouped(files.length) + ", " +
        bytes(rows.reduce((sum, file) => sum + file.size, 0));
      scroll.scrollTop = 0;
      paint();
    }

    /** From a root to the file, by the strongest reason of each. */
    function chain(file) {
      const steps = [];
      const seen = new Set();
      for (let at = file; at && !seen.has(at); ) {
        seen.add(at);
        const reason = at.reasons[0];
        steps.unshift({ file: at, reason });
        at = reason && reason[1] >= 0 ? files[reason[1]] : null;
      }
      return steps;
    }

    function reasonText(reason) {
      const [rule, from, confidence, detail] = reason;
      return image.words[rule] + " (" + image.words[confidence] + ")" + (detail ? ": " + detail : "") +
        (from >= 0 ? ", by " + files[from].path : "");
    }

    function explain(file) {
      chosen = file;
      why.hidden = false;
      const facts = [file.type, bytes(file.size)];
      if (file.layer >= 0) facts.push("layer " + file.layer);
      if (file.owner) facts.push("package " + file.owner);
      why.replaceChildren(
        element("div", "", element("b", "path", file.path), " ",
          element("span", "state " + STATES[file.state], STATES[file.state])),
        element("div", "dim", facts.join(" · ")));
      if (file.state === 0) {
        why.append(element("p", "", file.reasons.length
          ? "The evidence for it is too weak:" : "Nothing that stays needs it."));
        if (file.reasons.length) {
          why.append(element("ul", "", ...file.reasons.map((r) => element("li", "", reasonText(r)))));
        }
        why.append(element("div", "dim", "To keep it: ", element("code", "", "--include '" + file.path + "'")));
      } else {
        why.append(element("ol", "", ...chain(file).map(({ file: step, reason }) =>
          element("li", "", element("span", "path", step.path), element("div", "dim",
            reason ? reasonText(reason) : "")))));
        const others = file.reasons.slice(1);
        if (others.length) {
          why.append(element("details", "", element("summary", "",
            "further reasons (" + grouped(others.length + file.more) + ")"),
            element("ul", "", ...others.map((r) => element("li", "", reasonText(r))))));
        }
      }
      paint();
    }

    search.addEventListener("input", refresh);
    state.addEventListener("change", refresh);
    scroll.addEventListener("scroll", paint);
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-row]");
      if (row) explain(files[Number(row.dataset.row)]);
    });
    refresh();
    return (file) => {
      explain(file);
      why.scrollIntoView({ block: "nearest" });
    };
  }

  // ---- Sections ----

  const sizeColumns = [
    { title: "" }, { title: "stay", number: true }, { title: "bytes", number: true },
    { title: "go", number: true }, { title: "bytes", number: true },
  ];
  const shareRow = (label, share) =>
    [label, grouped(share[0]), bytes(share[1]), grouped(share[2]), bytes(share[3])];

  function cards(image) {
    const card = (value, text) => element("div", "card", element("b", "", value), element("span", "", text));
    return element("div", "cards", ...image.cards.map(([value, text]) => card(value, text)));
  }

  function head(parent, image) {
    parent.append(element("h1", "", image.name),
      element("div", "facts", image.facts + " ", element("code", "", image.digest)), cards(image));
    if (image.before > 0) {
      const bar = element("div", "bar");
      const stays = element("i");
      stays.style.width = Math.min(100, (100 * image.after) / image.before) + "%";
      bar.append(stays);
      parent.append(bar, element("div", "legend", element("i", "is-stays"), "stays",
        element("i", "is-goes"), "goes"));
    }
  }

  function findings(parent, image) {
    if (!image.findings) return;
    section(parent, "Findings", image.findings.length ? grouped(image.findings.length) : "none");
    if (!image.findings.length) return;
    parent.append(longTable(
      [{ title: "level" }, { title: "policy", classes: "policy" }, { title: "what, and what to do" }],
      image.findings.map((found) => {
        const text = element("div", "", found.message);
        if (found.path) text.append(element("div", "path dim", found.path));
        if (found.fix) text.append(element("div", "dim", found.fix));
        if (found.waived) text.append(element("div", "dim", "waived: " + found.waived));
        return [element("span", "level " + found.level, found.waived ? "waived" : found.level),
          element("code", "", found.policy), text];
      }), 100));
  }

  function layers(parent, image) {
    section(parent, "Layers", grouped(image.layers.length));
    const most = Math.max(1, ...image.layers.map((layer) => layer.bytes));
    parent.append(table(
      [{ title: "#", number: true }, { title: "bytes", number: true },
        { title: image.wasted ? "wasted" : "stays", number: true }, { title: "", classes: "track" },
        { title: "made by" }],
      image.layers.map((layer, i) => {
        const whole = element("span");
        const stays = element("i");
        whole.style.width = (100 * layer.bytes) / most + "%";
        const part = image.wasted ? layer.bytes - layer.part : layer.part;
        stays.style.width = (layer.bytes ? (100 * part) / layer.bytes : 0) + "%";
        whole.append(stays);
        return [String(i), bytes(layer.bytes), bytes(layer.part), whole,
          element("code", "", layer.by || "(not recorded)")];
      })));
  }

  function messages(parent, image) {
    if (image.unresolved.length) {
      section(parent, "Not found", grouped(image.unresolved.length));
      parent.append(longTable([{ title: "" }, { title: "what" }, { title: "needed by", classes: "path" },
        { title: "" }], image.unresolved, 50));
    }
    if (image.diagnostics.length) {
      section(parent, "Worth knowing", grouped(image.diagnostics.length));
      parent.append(longTable([{ title: "" }, { title: "code" }, { title: "what" }],
        image.diagnostics.map(([severity, code, path, message]) =>
          [element("span", "level " + severity, severity), element("code", "", code),
            element("div", "", ...(path ? [element("span", "path", path), ": "] : []), message)]), 30));
    }
  }

  function show(image) {
    const box = element("section", "image");
    document.getElementById("page").append(box);
    head(box, image);
    if (image.error) {
      box.append(element("p", "level error", image.error));
      return;
    }
    findings(box, image);
    layers(box, image);
    if (!image.files) return;
    const files = unpackFiles(image);
    section(box, "What stays and what goes", "click to open a folder or to see why a file stays");
    const map = element("div");
    box.append(map);
    section(box, "Files");
    const choose = filesTable(box, image, files);
    treemap(map, files, choose);
    const two = element("div", "two");
    const left = element("div");
    const right = element("div");
    section(left, "By kind");
    left.append(table(sizeColumns, image.kinds.map((kind) => shareRow(kind[0], kind.slice(1)))));
    section(left, "Why it stays");
    left.append(table([{ title: "strongest reason" }, { title: "files", number: true },
      { title: "bytes", number: true }],
    image.rules.map(([rule, count, size]) => [rule, grouped(count), bytes(size)])));
    section(right, "By package");
    right.append(longTable(sizeColumns,
      image.packages.map((owner) => shareRow(owner[0], owner.slice(1))), 20));
    section(right, "Attack surface");
    right.append(table([{ title: "" }, { title: "before", number: true }, { title: "after", number: true }],
      image.surface.map(([label, was, is]) => [label, grouped(was), grouped(is)])));
    two.append(left, right);
    box.append(two);
    messages(box, image);
  }

  data.images.forEach(show);
  document.body.dataset.ready = "yes";
})();
