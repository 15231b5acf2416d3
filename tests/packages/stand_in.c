/* In place of the frozen program, which is made on Windows alone: writes down how it was called.
   While C:\runs.txt is there, it is one that does not end when it is asked to. */
#include <windows.h>
#include <stdio.h>

int main(void)
{
    FILE *note = fopen("C:\\called.txt", "a");
    fprintf(note, "%s\n", GetCommandLineA());
    fclose(note);
    return GetFileAttributesA("C:\\runs.txt") != INVALID_FILE_ATTRIBUTES;
}
