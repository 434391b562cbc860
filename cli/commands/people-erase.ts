import type { PersonView } from '../../lib/api.ts'
import type { Call, ChangeOptions } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { connect } from '../http.ts'
import { confirm } from '../io.ts'
import { clean, sign } from '../words.ts'

/** `slipway people erase`: takes everybody who is called so out of the lookup, for good. */
export async function run({ io, options, args }: Call<ChangeOptions>): Promise<number> {
  const api = connect(io, options)
  const called = args[0] ?? ''
  const people: PersonView[] = []
  for await (const one of api.items<PersonView>('/v1/people', { called, limit: 100 })) people.push(one)
  if (people.length === 0)
    throw new Refusal(EXIT.error, `nobody is called ${clean(called, 100)}. slipway people list tells them all.`)
  const whom = people.map(({ pseudonym, name }) => `${clean(name, 100)} (${pseudonym})`).join(' and ')
  const will = `erase ${whom}: nothing will say any more whose the pseudonym was. This cannot be undone.`
  if (options.dryRun === true) {
    io.write(options.json === true ? JSON.stringify({ dryRun: true, would: will, people }) : `Would do: ${will}`)
    return EXIT.ok
  }
  await confirm(io, options.yes === true, will)
  const { reason } = options
  for (const { pseudonym } of people) {
    const path = `/v1/people/${encodeURIComponent(pseudonym)}`
    await api.ask({ method: 'DELETE', path, ...(reason === undefined ? {} : { query: { reason } }) })
    if (options.json !== true) io.write(`${sign(io, 'good')} erased ${pseudonym}`)
  }
  if (options.json === true) io.write(JSON.stringify({ items: people, nextLink: null }))
  return EXIT.ok
}
