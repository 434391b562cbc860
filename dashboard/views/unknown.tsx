import { serviceLink } from '../model/route.ts'
import { Empty } from '../ui/basics.tsx'

/** Said where there is no such service, or no such rollout of it. */
export function Missing({
  environment,
  service,
  number,
}: {
  readonly environment: string
  readonly service: string
  /** The rollout that was asked for; null = the service itself is not there. */
  readonly number: number | null
}) {
  return (
    <div class="page">
      <p class="crumbs">
        <a href="#/">Fleet</a> / {environment}
      </p>
      <h1>{service}</h1>
      {number === null ? (
        <Empty title={`There is no service “${service}” in ${environment}.`}>
          <p>It may be spelled otherwise, stand in another environment, or be one that you have no role for.</p>
        </Empty>
      ) : (
        <Empty title={`${service} has no rollout ${number}.`}>
          <p>
            <a href={serviceLink(environment, service)}>Go to its newest rollout</a>
          </p>
        </Empty>
      )}
      <p>
        <a href="#/">Go to the fleet</a>
      </p>
    </div>
  )
}

/** Said where a link leads nowhere. */
export function Unknown({ path }: { readonly path: string }) {
  return (
    <div class="page">
      <h1>Nothing here</h1>
      <Empty title="This link leads to no view.">
        <p>
          <code>{path}</code> is neither a view nor a service.
        </p>
        <p>
          <a href="#/">Go to the fleet</a>
        </p>
      </Empty>
    </div>
  )
}
