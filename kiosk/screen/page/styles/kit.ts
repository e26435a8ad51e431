// The public sector's kit and its fonts, all from this machine. Latin alone: the languages of the page and of Italian names.
import 'bootstrap-italia/dist/css/bootstrap-italia.min.css';
import '@fontsource/titillium-web/latin-400.css';
import '@fontsource/titillium-web/latin-600.css';
import '@fontsource/titillium-web/latin-700.css';
import '@fontsource/titillium-web/latin-ext-400.css';
import '@fontsource/titillium-web/latin-ext-600.css';
import '@fontsource/roboto-mono/latin-500.css';
import './colours.css';
