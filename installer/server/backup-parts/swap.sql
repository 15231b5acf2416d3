-- Puts the restored database in the place of the one in use, in one transaction.
--
-- Renaming waits 5 s for the last sessions of a database; nobody new gets in meanwhile. Variables:
-- `new`, `name`, `former`; `is_there`, 1 where a database has the name; and the `connection_limit`
-- that the restored one is to have.

BEGIN;
\if :is_there
ALTER DATABASE :"name" RENAME TO :"former";
\endif
ALTER DATABASE :"new" RENAME TO :"name";
ALTER DATABASE :"name" CONNECTION LIMIT :connection_limit;
COMMIT;
