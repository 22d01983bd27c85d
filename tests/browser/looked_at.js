// What somebody would see at once: text that leaves its box, lies on other text, or is too faint; plots without units.
() => {
  const found = [];
  const say = (what, element) => found.push(`${what}: ${element.textContent.trim().slice(0, 60)}`);
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} wide, its window ${root.clientWidth}`);

  const scrolls = (element) => element.closest(".scroll") !== null;
  for (const element of document.querySelectorAll("h1, h2, h3, p, li, dt, dd, td, th, caption, figcaption, summary")) {
    if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline") say("leaves its box", element);
    const box = element.getBoundingClientRect();
    if (!scrolls(element) && (box.right > root.clientWidth + 1 || box.left < -1)) say("leaves the page", element);
  }

  const bright = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map((part) => {
      const c = Number(part) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = bright(getComputedStyle(document.body).backgroundColor);
  const contrast = (colour) => {
    const other = bright(colour);
    return (Math.max(paper, other) + 0.05) / (Math.min(paper, other) + 0.05);
  };

  for (const plot of document.querySelectorAll("svg[role=img]")) {
    const frame = plot.getBoundingClientRect();
    const texts = [...plot.querySelectorAll("text")].filter((text) => text.textContent.trim());
    const boxes = texts.map((text) => text.getBoundingClientRect());
    texts.forEach((text, n) => {
      const box = boxes[n];
      // A figure at the end of an axis may stand half beside it.
      if (box.left < frame.left - 8 || box.right > frame.right + 8 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2) say("leaves its plot", text);
      if (contrast(getComputedStyle(text).fill) < 4.5) say("is too faint", text);
      for (let other = n + 1; other < texts.length; other++) {
        const across = Math.min(box.right, boxes[other].right) - Math.max(box.left, boxes[other].left);
        const down = Math.min(box.bottom, boxes[other].bottom) - Math.max(box.top, boxes[other].top);
        if (across > 1 && down > 4) say(`lies on "${texts[other].textContent}"`, text);
      }
    });
    for (const name of ["title", "desc"]) {
      if (!(plot.querySelector(`:scope > ${name}`)?.textContent.trim())) found.push(`a plot has no ${name}`);
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, n) => ids.indexOf(id) !== n))) found.push(`two elements are called ${id}`);
  return found;
}
