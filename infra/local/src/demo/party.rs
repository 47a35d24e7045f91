//! Gets the demo's party together: signs its accounts in, or makes them, and finds its characters, or makes them.

use guildhall_client::{Api, ClientError, PartyMember, Player};
use guildhall_domain::{Character, CharacterName, Content, Email, Invalid, Password};

/// The party, by seat: the name, and the class where the content has it.
const ROSTER: [(&str, &str); 4] = [("Ada", "fighter"), ("Bryn", "cleric"), ("Cato", "ranger"), ("Dara", "fighter")];

/// The party, signed in.
pub(super) struct Party {
    pub(super) members: Vec<PartyMember>,
    /// Their characters, as last written, in the same order.
    pub(super) characters: Vec<Character>,
}

impl Party {
    pub(super) async fn gather(api: &Api, password: &str, content: &Content) -> Result<Self, ClientError> {
        let mut party = Self { members: Vec::new(), characters: Vec::new() };
        for (number, (name, class)) in (1..).zip(ROSTER) {
            let email = format!("bot-{number}@guildhall.example");
            let player = sign_in(api, &email, password).await?;
            let character = character(&player, name, class, content).await?;
            party.members.push(PartyMember { player, character_id: character.character_id });
            party.characters.push(character);
        }
        Ok(party)
    }
}

async fn sign_in(api: &Api, email: &str, password: &str) -> Result<Player, ClientError> {
    match api.login(email, password).await {
        Err(error) if error.code() == Some("wrong_credentials") => {
            let email = Email::parse(email).map_err(|error| unfit(&error))?;
            let password = Password::parse(password).map_err(|error| unfit(&error))?;
            api.register(email, password).await
        }
        other => other,
    }
}

/// The account's first character that the content still has a class for.
async fn character(player: &Player, name: &str, class: &str, content: &Content) -> Result<Character, ClientError> {
    let characters = player.list_characters().await?;
    if let Some(found) = characters.into_iter().find(|character| content.classes.contains_key(&character.class)) {
        return Ok(found);
    }
    let class = content.classes.get_key_value(class).or_else(|| content.classes.first_key_value());
    let (class, _) = class.ok_or_else(|| ClientError::Unavailable("the content has no class".to_owned()))?;
    player.create_character(CharacterName::parse(name).map_err(|error| unfit(&error))?, class).await
}

fn unfit(error: &Invalid) -> ClientError {
    ClientError::Unavailable(error.to_string())
}
