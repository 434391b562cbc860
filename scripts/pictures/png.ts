import { deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE_BYTES = 8
const BEGIN = [...'IDAT'].map((letter) => letter.charCodeAt(0))

/** The same PNG, packed as tightly as deflate can: pictures lie in the repository for long. Chunks that say nothing of the picture stay. */
export function packed(png: Buffer): Buffer {
  const parts: Buffer[] = [png.subarray(0, SIGNATURE_BYTES)]
  const data: Buffer[] = []
  for (let at = SIGNATURE_BYTES; at < png.length; ) {
    const end = at + 12 + png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    if (type === 'IDAT') data.push(png.subarray(at + 8, end - 4))
    else if (type === 'IEND')
      parts.push(chunk(deflateSync(inflateSync(Buffer.concat(data)), { level: 9, memLevel: 9 })), png.subarray(at, end))
    else parts.push(png.subarray(at, end))
    at = end
  }
  const whole = Buffer.concat(parts)
  return whole.length < png.length ? whole : png
}

function chunk(data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(BEGIN), data])
  const whole = Buffer.alloc(body.length + 8)
  whole.writeUInt32BE(data.length, 0)
  body.copy(whole, 4)
  whole.writeUInt32BE(crc32(body), body.length + 4)
  return whole
}

/** The checksum of PNG's chunks (ISO 3309), bit by bit: pictures are few. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1))
  }
  return (crc ^ 0xffffffff) >>> 0
}
