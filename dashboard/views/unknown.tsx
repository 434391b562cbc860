import { Empty } from '../ui/basics.tsx'

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
