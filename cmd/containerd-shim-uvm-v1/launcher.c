/*
 * containerd-shim-uvm-v1.exe: containerd runs an executable of that name, and what it is to run is a script. Runs node.exe,
 * from this directory, with containerd-shim-uvm-v1.mjs beside it and our own arguments and stdio, and ends as it ends.
 */
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

static const wchar_t *skip_program(const wchar_t *line)
{
    int quoted = 0;
    for (; *line && (quoted || (*line != L' ' && *line != L'\t')); line++)
        if (*line == L'"') quoted = !quoted;
    while (*line == L' ' || *line == L'\t') line++;
    return line;
}

static int fail(const char *what)
{
    fprintf(stderr, "containerd-shim-uvm-v1: %s (error %lu)\n", what, GetLastError());
    return 1;
}

int main(void)
{
    static wchar_t own[32768], node[32768], line[32768];
    DWORD length = GetModuleFileNameW(NULL, own, 32768);
    if (length == 0 || length == 32768) return fail("its own path is not to be had");
    wchar_t *name = wcsrchr(own, L'\\');
    if (name == NULL) return fail("its own path has no directory");
    *name = 0;
    if (swprintf(node, 32768, L"%ls\\node.exe", own) < 0
        || swprintf(line, 32768, L"\"%ls\" \"%ls\\containerd-shim-uvm-v1.mjs\" %ls", node, own, skip_program(GetCommandLineW())) < 0)
        return fail("its command line is too long");

    /* Whoever kills us means the script; the daemon that it starts is to outlive both. */
    HANDLE job = CreateJobObjectW(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = { 0 };
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
    if (job == NULL || !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        return fail("no job object is to be had");

    STARTUPINFOW startup = { .cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES };
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    PROCESS_INFORMATION process;
    if (!CreateProcessW(node, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup, &process))
        return fail("node.exe beside it cannot be run");
    if (!AssignProcessToJobObject(job, process.hProcess)) {
        TerminateProcess(process.hProcess, 1);
        return fail("node.exe cannot be put into a job");
    }
    ResumeThread(process.hThread);
    DWORD code = 1;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}
