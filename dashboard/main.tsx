import './styles/main.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { showTheme, theme } from './prefs.ts'

showTheme(theme())
const place = document.getElementById('app')
if (place !== null) {
  place.replaceChildren()
  render(<App />, place)
}
