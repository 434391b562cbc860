/** What a timeline counts in: minutes, or buckets where they have another length. */
export function unitOf({ bucketMs }: { readonly bucketMs: number }): 'minute' | 'bucket' {
  return bucketMs === 60_000 ? 'minute' : 'bucket'
}

/** So many of them, e.g. `1 minute` or `12 buckets`. */
export function unitsText(count: number, length: { readonly bucketMs: number }): string {
  return `${count} ${unitOf(length)}${count === 1 ? '' : 's'}`
}
