; The set-up program for Windows, for the one person who runs it; needs no administrator.
; Compiled by `python3 installer/bootstrap.py package windows`, which gives Version, Built (the folder
; of the frozen program), Icon and Dist (where the set-up program goes).

#define Name "Re:prospective"
#define Program "reprospective-tray"

[Setup]
; Never changed: by it an upgrade finds what it replaces.
AppId={{6E2B5E0C-3A57-4F0E-9C41-7D1D0B8B6F52}
AppName={#Name}
AppVersion={#Version}
AppVerName={#Name} {#Version}
AppPublisher={#Program}
VersionInfoVersion={#Numbers}
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0
DefaultDirName={localappdata}\Programs\Reprospective
DisableProgramGroupPage=yes
DisableDirPage=auto
LicenseFile={#Licence}
SetupIconFile={#Icon}
UninstallDisplayIcon={app}\reprospective-tray.exe
UninstallDisplayName={#Name}
OutputDir={#Dist}
OutputBaseFilename={#Program}-{#Version}-setup
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
; Its windows, which are programs of their own; the one that records is asked by PrepareToInstall.
CloseApplications=yes
CloseApplicationsFilter=*.exe,*.com,*.dll,*.pyd
RestartApplications=no
ShowLanguageDialog=auto

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "ja"; MessagesFile: "compiler:Languages\Japanese.isl"

[CustomMessages]
en.AtLogin=Start {#Name} when I log in
ja.AtLogin=ログイン時に{#Name}を起動する
en.StartNow=Start {#Name}
ja.StartNow={#Name}を起動する
en.KeepData=Keep what {#Name} has recorded, and its settings?%n%nNo deletes the folder%n%1%nfor good. Files that you have put elsewhere stay in any case.
ja.KeepData={#Name}の記録と設定を残しますか?%n%n「いいえ」を選ぶと、次のフォルダーが完全に削除されます。%n%1%n別の場所に置いたファイルは、どちらの場合も残ります。
en.StillRuns={#Name} is still running and does not end. Please quit it from its icon, then try again.
ja.StillRuns={#Name}がまだ実行中で、終了しません。アイコンのメニューから終了して、もう一度お試しください。

[Tasks]
; At an upgrade the program's own switch holds, whichever way it stands.
Name: "atlogin"; Description: "{cm:AtLogin}"; Flags: unchecked; Check: not IsUpgrade

[InstallDelete]
; What the version before had and this one has not must not be found by it.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Built}\reprospective-tray.exe"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Built}\reprospective-tray.com"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Built}\_internal\*"; DestDir: "{app}\_internal"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\Reprospective"; Filename: "{app}\reprospective-tray.exe"; Parameters: "run"

[Registry]
; As the program's own switch writes it.
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Run"; ValueType: string; ValueName: "reprospective-tray"; ValueData: "{code:LoginCommand}"; Tasks: atlogin
; Whoever has switched it on: without the program it starts nothing.
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Run"; ValueType: none; ValueName: "reprospective-tray"; Flags: dontcreatekey uninsdeletevalue
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"; ValueType: none; ValueName: "reprospective-tray"; Flags: dontcreatekey uninsdeletevalue

[Run]
Filename: "{app}\reprospective-tray.exe"; Parameters: "run"; Description: "{cm:StartNow}"; Flags: nowait postinstall skipifsilent

[Code]
function IsUpgrade: Boolean;
begin
  Result := RegValueExists(HKCU,
    'Software\Microsoft\Windows\CurrentVersion\Uninstall\{6E2B5E0C-3A57-4F0E-9C41-7D1D0B8B6F52}_is1',
    'UninstallString');
end;

{ The words as the program's switch joins them: quotes where there is a blank, and only there. }
function LoginCommand(Param: String): String;
begin
  Result := ExpandConstant('{app}\reprospective-tray.exe');
  if Pos(' ', Result) > 0 then
    Result := '"' + Result + '"';
  Result := Result + ' run';
end;

{ Asks the running program to end its session and itself; True when none runs any more. }
function HasEnded: Boolean;
var
  Code: Integer;
  Program_: String;
begin
  Program_ := ExpandConstant('{app}\reprospective-tray.exe');
  Result := not FileExists(Program_)
    or (Exec(Program_, 'quit', '', SW_HIDE, ewWaitUntilTerminated, Code) and (Code = 0));
end;

function PrepareToInstall(var NeedsRestart: Boolean): String;
begin
  Result := '';
  if not HasEnded then
    Result := CustomMessage('StillRuns');
end;

function InitializeUninstall: Boolean;
begin
  Result := HasEnded;
  if not Result then
    SuppressibleMsgBox(CustomMessage('StillRuns'), mbError, MB_OK, IDOK);
end;

procedure CurUninstallStepChanged(CurUninstallStep: TUninstallStep);
var
  Data: String;
begin
  if CurUninstallStep <> usPostUninstall then
    exit;
  Data := ExpandConstant('{localappdata}\reprospective-tray');
  { Yes is the default, and the answer where nobody is asked: data goes by a decision alone. }
  if DirExists(Data) and (SuppressibleMsgBox(FmtMessage(CustomMessage('KeepData'), [Data]),
      mbConfirmation, MB_YESNO or MB_DEFBUTTON1, IDYES) = IDNO) then
    DelTree(Data, True, True, True);
end;
