import '@fontsource/titillium-web/latin-400.css';
import '@fontsource/titillium-web/latin-600.css';
import '@fontsource/titillium-web/latin-700.css';
import '@fontsource/roboto-mono/latin-400.css';
import '@fontsource/roboto-mono/latin-700.css';
import 'bootstrap-italia/dist/css/bootstrap-italia.min.css';
import './bench.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Bench } from './bench.tsx';

const page = document.getElementById('page');
if (page === null) throw new Error('the page has no place to stand');
createRoot(page).render(
  <StrictMode>
    <Bench />
  </StrictMode>,
);
