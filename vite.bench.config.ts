import { defineConfig } from 'vite';
import screen from './vite.config.ts';

/** The bench's page, in a folder of its own: nothing of it may lie where the kiosk's screen is served from. */
export default defineConfig({
  ...screen,
  root: 'kiosk/demo/bench/page',
  build: { ...screen.build, outDir: '../../../../dist/bench', rolldownOptions: { input: ['kiosk/demo/bench/page/index.html'] } },
});
