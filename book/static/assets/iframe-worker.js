// The search runs in a Worker, and browsers give none to a page that was opened from a file. A hidden frame does its work
// then. The theme's plugin for offline sites would fetch such a script from elsewhere; it looks for this file's name.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.answer = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      document.body.appendChild(frame);
      this.inside = frame.contentWindow;
      this.inside.document.open();
      this.inside.document.write(
        "<script>postMessage = (data) => frameElement.answer(data)</" + `script><script src="${url}"></` + "script>"
      );
      this.inside.document.close();
      this.isReady = new Promise((ready) => this.inside.addEventListener("load", ready));
    }

    postMessage(data) {
      this.isReady.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }
  };
}
