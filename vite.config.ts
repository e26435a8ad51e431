import react from '@vitejs/plugin-react';
import { type Plugin, defineConfig } from 'vite';

/** bootstrap-italia's CSS carries a video player's font as `data:`; the page plays no video and its policy allows no such font. */
const withoutPlayerFont: Plugin = {
  name: 'without-player-font',
  enforce: 'pre',
  transform: (code, id) =>
    id.includes('bootstrap-italia') && id.includes('.css') ? code.replace(/@font-face\{font-family:VideoJS[^}]*\}/g, '') : null,
};

export default defineConfig({
  root: 'kiosk/screen/page',
  plugins: [withoutPlayerFont, react()],
  logLevel: 'warn',
  build: {
    outDir: '../../../dist/page',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: ['kiosk/screen/page/index.html', 'kiosk/screen/page/operator.html'] },
  },
});
