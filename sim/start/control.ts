import { failing, healthyProfile, type ImageProfile, slowed } from '../azure/image-profile.ts'
import { json, listen, readText, send } from '../azure/serve.ts'

/** Lets scripts play the part of a team that pushes images. */
export interface Control {
  readonly url: string
  close(): Promise<void>
}

/** Takes `POST /push` with `{service, tag, slow?, failing?}`: an image of that kind is published and announced. */
export async function createControl(
  services: readonly string[],
  push: (service: string, tag: string, program: ImageProfile) => Promise<string>,
): Promise<Control> {
  const listening = await listen(async (request, response) => {
    try {
      const wish = JSON.parse(await readText(request, 10_000)) as {
        service?: string
        tag?: string
        slow?: boolean
        failing?: boolean
      }
      if (request.url !== '/push' || wish.service === undefined || wish.tag === undefined)
        throw new Error('POST /push {service, tag}')
      if (!services.includes(wish.service)) {
        throw new Error(`There is no service "${wish.service}" here; there are ${services.join(', ')}.`)
      }
      const healthy = healthyProfile(wish.tag)
      const slower = wish.slow === true ? slowed(healthy, 8) : healthy
      const program = wish.failing === true ? failing(slower, 0.05) : slower
      send(response, json(200, { digest: await push(wish.service, wish.tag, program) }))
    } catch (error) {
      send(response, json(400, { detail: error instanceof Error ? error.message : String(error) }))
    }
  })
  return { url: listening.url, close: listening.close }
}
