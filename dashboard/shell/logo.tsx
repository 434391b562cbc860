/** The ship on its slip. */
export function Logo({ size = 26 }: { readonly size?: number }) {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect class="logo-ground" width="32" height="32" rx="8" />
      <path class="logo-slip" d="M6 22.5 24.5 13" />
      <path
        class="logo-ship"
        d="M9.2 13.6h13.3l-2.6 4.5a3.2 3.2 0 0 1-2.8 1.6h-3.8a3 3 0 0 1-2.7-1.7zM15.6 12V6.6l4.6 5.4z"
      />
      <path class="logo-water" d="M5.5 26.4c2 0 2-1.3 4-1.3s2 1.3 4 1.3 2-1.3 4-1.3 2 1.3 4 1.3 2-1.3 4-1.3" />
    </svg>
  )
}
