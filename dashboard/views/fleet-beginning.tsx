/** How to begin, where there is nothing yet. */
export function Beginning() {
  return (
    <section class="card beginning" aria-labelledby="beginning">
      <h2 id="beginning">No service yet. Three steps to the first canary:</h2>
      <ol>
        <li>
          <strong>Describe the service.</strong> A manifest names its container app, its image, the steps, and what must
          hold.
          <pre>{`name: pricing
environment: production
target: { subscription: …, resourceGroup: rides, containerApp: pricing }
image: { registry: registry.example.com, repository: pricing, tags: { glob: "v*" } }
strategy:
  canary:
    steps: [{ setWeight: 10 }, { bake: 1h }, { setWeight: 50 }, { pause: {} }, { setWeight: 100 }]
analysis:
  kpis: [{ name: errors, errorRate: { limit: 0.1% }, source: azure-logs }]`}</pre>
        </li>
        <li>
          <strong>Store it.</strong> <code>slipway lint pricing.yaml</code> checks it, and <code>slipway plan</code>{' '}
          says what would happen. An Admin stores it with <code>slipway manifest put pricing.yaml</code>.
        </li>
        <li>
          <strong>Push an image.</strong> The registry tells Slipway, and the rollout appears here.
        </li>
      </ol>
      <p class="muted">
        You see the services of the environments in which you have a role. If you expected some here, ask an Admin of
        Slipway.
      </p>
    </section>
  )
}
