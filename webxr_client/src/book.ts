/** The script of the stamp book's page alone. */
import { setUpBook } from './book/page'

void setUpBook(window)
