// A model server on loopback that speaks OpenAI's streaming protocol and says what a scenario tells it to, when it tells it to.
//
//     const model = await serve();
//     const answer = await model.asked();      // the next request has come; `answer.body` is what was asked
//     answer.text("It ");                      // sends a piece
//     answer.call("refund", { amount: 80 });   // calls a tool
//     answer.end();
import { createServer } from "node:http";

/** `url` is what a model's `api_base` takes. */
export async function serve() {
  const waiting = [];
  const wanted = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const answer = new Answer(JSON.parse(text), response);
    const next = wanted.shift();
    if (next) next(answer);
    else waiting.push(answer);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    asked: () => (waiting.length > 0 ? Promise.resolve(waiting.shift()) : new Promise((resolve) => wanted.push(resolve))),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

class Answer {
  #calls = 0;

  constructor(body, response) {
    this.body = body;
    this.response = response;
    response.writeHead(200, { "content-type": "text/event-stream" });
    this.#send({ role: "assistant", content: "" });
  }

  text(content) {
    this.#send({ content });
  }

  call(name, given) {
    const index = this.#calls++;
    const call = { index, id: `call_${index}`, type: "function", function: { name, arguments: JSON.stringify(given) } };
    this.#send({ tool_calls: [call] });
  }

  end() {
    this.#send({}, this.#calls > 0 ? "tool_calls" : "stop");
    this.response.end("data: [DONE]\n\n");
  }

  #send(delta, finish_reason = null) {
    const chunk = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1700000000, model: this.body.model };
    this.response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
  }
}
