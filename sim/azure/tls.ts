import { generate } from 'selfsigned'

/** A certificate for servers on loopback, and the authority that clients must trust. All PEM. */
export interface LocalTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Makes a certificate authority and a certificate of it for 127.0.0.1 and localhost, both good for ten years. */
export async function createLocalTls(): Promise<LocalTls> {
  const notBeforeDate = new Date(Date.now() - DAY_MS)
  const lasting = { notBeforeDate, notAfterDate: new Date(Date.now() + 3650 * DAY_MS), algorithm: 'sha256' } as const
  const authority = await generate([{ name: 'commonName', value: 'Slipway local authority' }], {
    ...lasting,
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const server = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    ...lasting,
    keyType: 'ec',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { ca: authority.cert, cert: server.cert, key: server.private }
}

const DAY_MS = 86_400_000
