// Text from the server, for pages and for Node. Every function posts to /completion of the server that this
// module came from; `config.api_url` names another one, without a slash at its end.
//
//   import { llama } from '/completion.js'
//
//   for await (const chunk of llama('Once upon a time', { n_predict: 100 })) {
//     document.write(chunk.data.content)
//   }
//
// `params` are the fields of POST /completion, and `api_key` for a server that asks for a key.
// `config.controller` is an AbortController of yours: its abort() ends the answer, and what has come is kept.

const DEFAULTS = { stream: true, n_predict: 500, temperature: 0.2, stop: ['</s>'] }

let modelInfo = null

// Yields an object for each event of the answer. `data` is its JSON: `content` is the next piece of text, and
// the event with `stop` true is the last one, with the settings and the timings. Returns the whole text.
export async function* llama(prompt, params = {}, config = {}) {
  const fetching = following(config.controller?.signal)
  const { api_key, ...fields } = { ...DEFAULTS, ...params, prompt }
  let text = ''
  try {
    const response = await fetch(address('completion', config), {
      method: 'POST',
      body: JSON.stringify(fields),
      headers: { 'Content-Type': 'application/json', ...authorization(api_key) },
      signal: fetching.signal,
    })
    if (!response.ok) {
      throw await refusal(response)
    }
    for await (const event of events(response, fields.stream)) {
      if (event.data?.error) {
        throw new Error(event.data.error.message)
      }
      text += event.data?.content ?? ''
      yield event
      if (event.data?.stop) {
        modelInfo = event.data.generation_settings ?? modelInfo
      }
      if (event.data?.stop || fetching.signal.aborted) {
        break
      }
    }
  } catch (error) {
    if (error.name !== 'AbortError') {
      throw error
    }
  } finally {
    fetching.abort() // a caller that stops listening stops the server too
  }
  return text
}

// The same as an EventTarget: `message` for each piece, then `generation_settings`, `timings` and `done`, each
// with what it brings in `detail`; `error` has the Error.
export function llamaEventTarget(prompt, params = {}, config = {}) {
  const target = new EventTarget()
  const tell = (name, detail) => target.dispatchEvent(new CustomEvent(name, { detail }))
  const run = async () => {
    let content = ''
    for await (const { data } of llama(prompt, params, config)) {
      content += data.content ?? ''
      tell('message', data)
      if (data.generation_settings) {
        tell('generation_settings', data.generation_settings)
      }
      if (data.timings) {
        tell('timings', data.timings)
      }
    }
    tell('done', { content })
  }
  // Not before the caller has had the time to listen.
  queueMicrotask(() => run().catch((error) => tell('error', error)))
  return target
}

// The same as a promise of the whole text.
export async function llamaPromise(prompt, params = {}, config = {}) {
  let content = ''
  for await (const { data } of llama(prompt, params, config)) {
    content += data.content ?? ''
  }
  return content
}

// Deprecated, for pages that have it: `callback` is called with each event. `params` hold the prompt too.
export async function llamaComplete(params, controller, callback) {
  for await (const chunk of llama(params.prompt, params, { controller })) {
    callback(chunk)
  }
}

// Resolves to the default settings of a request, `default_generation_settings` of GET /props, or to those that
// the last answer was made with.
export async function llamaModelInfo(config = {}) {
  if (modelInfo === null) {
    const response = await fetch(address('props', config), { headers: authorization(config.api_key) })
    if (!response.ok) {
      throw await refusal(response)
    }
    modelInfo = (await response.json()).default_generation_settings
  }
  return modelInfo
}

// Returns a controller that aborts with `signal`, and whose own abort leaves that one alone.
function following(signal) {
  const controller = new AbortController()
  if (signal?.aborted) {
    controller.abort()
  }
  signal?.addEventListener('abort', () => controller.abort(), { once: true })
  return controller
}

function address(path, config) {
  return config.api_url === undefined ? new URL(path, import.meta.url).href : `${config.api_url}/${path}`
}

function authorization(apiKey) {
  return apiKey ? { Authorization: `Bearer ${apiKey}` } : {}
}

async function refusal(response) {
  const body = await response.json().catch(() => ({}))
  return new Error(body.error?.message ?? `HTTP ${response.status}`)
}

// Yields the events of a stream; an answer in one piece counts as one event.
async function* events(response, isStream) {
  if (!isStream) {
    yield { data: await response.json() }
    return
  }
  let event = {}
  for await (const line of lines(response.body)) {
    const field = /^(\S+):\s(.*)$/.exec(line)
    if (field) {
      event[field[1]] = field[1] === 'data' || field[1] === 'error' ? parsed(field[2]) : field[2]
    } else if (line === '' && event.data !== undefined) {
      yield event
      event = {}
    }
  }
}

function parsed(text) {
  return text === '[DONE]' ? undefined : JSON.parse(text)
}

// Yields whole lines, wherever the network has cut the text, in the middle of a character too.
async function* lines(body) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { value, done } = await reader.read()
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
      const complete = rest.split('\n')
      rest = complete.pop()
      yield* complete.map((line) => line.replace(/\r$/, ''))
      if (done) {
        return
      }
    }
  } finally {
    reader.releaseLock()
  }
}
