import type { ComponentChildren } from 'preact'
import type { Refused } from '../api.ts'
import { safeLink } from '../model/route.ts'
import type { Mark, Tone } from '../model/words.ts'

/** A state as glyph and word in its colour. */
export function Pill({ mark, isSmall = false }: { readonly mark: Mark; readonly isSmall?: boolean }) {
  return (
    <span class={`pill tone-${mark.tone}${isSmall ? ' small' : ''}`}>
      <span class="glyph" aria-hidden="true">
        {mark.glyph}
      </span>
      {mark.word}
    </span>
  )
}

/** A short note in a frame, e.g. `frozen`. */
export function Badge({
  tone,
  glyph,
  children,
  title,
}: {
  readonly tone: Tone
  readonly glyph: string
  readonly children: ComponentChildren
  readonly title?: string
}) {
  return (
    <span class={`badge tone-${tone}`} {...(title === undefined ? {} : { title })}>
      <span class="glyph" aria-hidden="true">
        {glyph}
      </span>
      {children}
    </span>
  )
}

/** A part of a page with its heading. */
export function Card({
  title,
  aside,
  children,
  id,
  className = '',
}: {
  readonly title: string
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
  readonly id?: string
  readonly className?: string
}) {
  const heading = id ?? `card-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`
  return (
    <section class={`card ${className}`} aria-labelledby={heading}>
      <header class="card-head">
        <h2 id={heading}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** Says that there is nothing, why, and what to do. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

/** Says that something is being fetched. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div class="loading" role="status">
      <span class="dots" aria-hidden="true" />
      {what} …
    </div>
  )
}

/** Says what was refused, with the number that helps those who look for it, and a way to try again. */
export function Failed({ refused, again }: { readonly refused: Refused; readonly again?: () => void }) {
  const link = safeLink(refused.problem?.type ?? '')
  return (
    <div class="failed" role="alert">
      <p>
        <span class="glyph" aria-hidden="true">
          !
        </span>
        <strong>{refused.problem?.title ?? (refused.status === 0 ? 'No answer' : 'That did not work')}.</strong>{' '}
        {refused.message}
      </p>
      {(refused.problem?.errors ?? []).map(({ path, message }) => (
        <p class="muted">
          {path} {message}
        </p>
      ))}
      <p class="muted small">
        {refused.problem === null ? null : <>Request {refused.problem.requestId} </>}
        {link === null ? null : (
          <a href={link} rel="noreferrer" target="_blank">
            about this problem
          </a>
        )}
      </p>
      {again === undefined ? null : (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Whatever a person or a service wrote: always text, never anything else. */
export function Text({ children }: { readonly children: string }) {
  return <span class="free">{children}</span>
}
