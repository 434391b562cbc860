import { Agent, request } from 'node:http'

/** Where to post, and what: `body` is asked for every request. */
export interface Aim {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: () => string
}

/** What a while of load brought. Latencies in milliseconds, one per answered request. */
export interface Volley {
  readonly perSecond: number
  readonly latencies: readonly number[]
}

/**
 * Posts for `forMs` with `lanes` requests under way at any time, over connections that stay open. Throws at the first answer
 * that is not 2xx: speed at refusing is worth nothing.
 */
export async function volley({ url, headers, body }: Aim, lanes: number, forMs: number): Promise<Volley> {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes })
  const latencies: number[] = []
  const began = performance.now()
  const lane = async () => {
    while (performance.now() - began < forMs) {
      const text = body()
      const sent = performance.now()
      await post(agent, url, headers, text)
      latencies.push(performance.now() - sent)
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, lane))
    return { perSecond: (latencies.length * 1000) / (performance.now() - began), latencies }
  } finally {
    agent.destroy()
  }
}

function post(agent: Agent, url: string, headers: Aim['headers'], text: string): Promise<void> {
  const lengths = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, method: 'POST', headers: { ...headers, ...lengths } }, (response) => {
      response.resume()
      response.once('end', () => {
        const { statusCode = 0 } = response
        if (statusCode >= 200 && statusCode <= 299) resolve()
        else reject(new Error(`${url} answered ${statusCode}`))
      })
    })
    asked.once('error', reject)
    asked.end(text)
  })
}
