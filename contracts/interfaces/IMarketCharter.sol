// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CurveParameters, PowerParameters} from "../types/MarketParameters.sol";
import {Terms} from "../types/Terms.sol";
import {MarketAddresses} from "./IMarketFactory.sol";

/// @dev What a curator may announce.
enum ChangeKind {
    Terms,
    MaxOpenInterest,
    ProtocolFeeReceiver
}

/// @dev An announced change.
struct Change {
    ChangeKind kind;
    /// @dev First second in which anybody may enact it [s]; 0 once it was enacted or withdrawn.
    uint64 enactableAt;
    /// @dev The new value, ABI-encoded.
    bytes value;
}

/// @dev Where the declaration that the oracle is dead stands.
struct DeadOracleNotice {
    /// @dev When it was given [s]; 0 when none ever was.
    uint64 givenAt;
    /// @dev First second in which the market may be settled [s].
    uint64 settleableAt;
    /// @dev Observation time of the newest price used when it was given [s]: any newer one cancels it.
    uint64 clock;
    /// @dev Whether it still stands.
    bool stands;
}

/// @title IMarketCharter
/// @notice What a market is made of, who may change which of it, and how long everybody is warned.
///
/// Notes:
/// - Nothing here touches an open position: it keeps its terms.
/// - Nobody can stop closing, adding margin, cancelling, claiming or redeeming, nor take funds.
interface IMarketCharter {
    /// @notice Emitted when a change is announced; `value` is ABI-encoded by its kind.
    event ChangeAnnounced(uint256 indexed changeId, ChangeKind kind, uint256 enactableAt, bytes value);

    /// @notice Emitted when an announced change takes effect.
    event ChangeEnacted(uint256 indexed changeId);

    /// @notice Emitted when the curator takes an announced change back.
    event ChangeWithdrawn(uint256 indexed changeId);

    /// @notice Emitted when terms are offered to new positions.
    event TermsPublished(uint256 indexed termsId, Terms terms);

    /// @notice Emitted when increases are stopped, and when a stop is ended before its time.
    event IncreasesStopChanged(uint256 stoppedUntil, uint256 nextStopFrom);

    /// @notice Emitted when a role is offered to another account.
    event RoleOffered(bytes32 indexed role, address indexed holder, address indexed heir);

    /// @notice Emitted when a role passes over.
    event RoleAccepted(bytes32 indexed role, address indexed holder);

    /// @notice Emitted when somebody declares the oracle dead: positions close at the last price unless a newer one is shown
    /// before `settleableAt`.
    event OracleDeclaredDead(uint256 clock, uint256 settleableAt);

    /// @notice Thrown when no change waits under this id.
    error ChangeNotFound(uint256 changeId);

    /// @notice Thrown when a change is enacted before its delay has passed.
    error ChangeTooEarly(uint256 changeId, uint256 enactableAt);

    /// @notice Thrown when a change waited so long that it must be announced anew.
    error ChangeLapsed(uint256 changeId, uint256 lapsedAt);

    /// @notice Thrown when the guardian may not stop increases again yet.
    error StopTooSoon(uint256 notBefore);

    /// @notice Thrown when no more terms can be published: positions count them in one byte.
    error TermsExhausted();

    /// @notice Thrown when a price was used too recently for the oracle to be dead.
    error OracleNotDead(uint256 clock, uint256 notBefore);

    /// @notice Thrown when a notice is given while one stands.
    error NoticeStands(uint256 settleableAt);

    /// @notice Thrown when no notice stands: none was given, or a price cancelled it.
    error NoNotice();

    /// @notice Thrown when the market is settled before the notice has run out.
    error NoticeRuns(uint256 settleableAt);

    /// @notice Takes what the calling factory is creating a market from, and holds it against the hard bounds. Only once.
    function initialize() external;

    /// @notice Announces terms for new positions. Only the curator.
    ///
    /// @dev Emits {ChangeAnnounced}.
    ///
    /// Requirements:
    /// - They must lie within the hard bounds and be representable, and the cap on open interest must hold under them.
    ///
    /// @param terms_ The terms.
    /// @return changeId Number of the change.
    function announceTerms(Terms calldata terms_) external returns (uint256 changeId);

    /// @notice Announces a cap on open interest. Only the curator.
    ///
    /// @dev Emits {ChangeAnnounced}. The cap must hold under all terms that were ever published.
    function announceMaxOpenInterest(uint256 maxOpenInterest_) external returns (uint256 changeId);

    /// @notice Announces a receiver of protocol fees. Only the curator.
    ///
    /// @dev Emits {ChangeAnnounced}.
    function announceProtocolFeeReceiver(address receiver) external returns (uint256 changeId);

    /// @notice Puts an announced change into effect. Anybody may call.
    ///
    /// @dev Emits {ChangeEnacted}. Bounds are checked again.
    ///
    /// Requirements:
    /// - `changeDelay` must have passed since the announcement, and no more than 14 days since then.
    function enact(uint256 changeId) external;

    /// @notice Takes an announced change back. Only the curator.
    ///
    /// @dev Emits {ChangeWithdrawn}.
    function withdraw(uint256 changeId) external;

    /// @notice Stops positions from opening and growing for 7 days. Only the guardian.
    ///
    /// @dev Emits {IncreasesStopChanged}. Closing, adding margin, cancelling, claiming and redeeming go on.
    ///
    /// Requirements:
    /// - 7 days must have passed since the end of the last stop.
    function stopIncreases() external;

    /// @notice Ends a stop before its time. Only the guardian.
    ///
    /// @dev Emits {IncreasesStopChanged}.
    function resumeIncreases() external;

    /// @notice Offers the caller's role to another account, which must accept it.
    ///
    /// @dev Emits {RoleOffered}.
    ///
    /// @param role `"curator"` or `"guardian"`.
    /// @param heir Who may accept; zero takes an offer back.
    function offerRole(bytes32 role, address heir) external;

    /// @notice Accepts an offered role.
    ///
    /// @dev Emits {RoleAccepted}.
    function acceptRole(bytes32 role) external;

    /// @notice Declares the oracle dead. Anybody may call.
    ///
    /// @dev Emits {OracleDeclaredDead}. Any newer price that the market uses, such as by {ISettlement-poke}, cancels it.
    ///
    /// Requirements:
    /// - No price must have been used for `deadOracleDelay`.
    /// - No notice must stand.
    function declareOracleDead() external;

    /// @notice Settles the market after the notice. Anybody may call; positions are then closed by
    /// {ISettlement-closeSettled}.
    ///
    /// Requirements:
    /// - A notice must stand and have run out.
    function settle() external;

    /// @notice Pays protocol fees to their receiver. Anybody may call.
    ///
    /// @return amountToken How much [token].
    function payProtocolFees() external returns (uint256 amountToken);

    /// @notice Whether, since when and until when a notice stands.
    function deadOracleNotice() external view returns (DeadOracleNotice memory);

    /// @notice An announced change.
    function changeOf(uint256 changeId) external view returns (Change memory);

    /// @notice How many changes were ever announced.
    function changeCount() external view returns (uint256);

    /// @notice The terms with this id.
    function terms(uint256 termsId) external view returns (Terms memory);

    /// @notice The terms offered to new positions.
    function latestTermsId() external view returns (uint256);

    /// @notice Largest open interest of either side [WAD base].
    function maxOpenInterest() external view returns (uint256);

    /// @notice First second in which positions may open and grow [s].
    function increasesStoppedUntil() external view returns (uint64);

    /// @notice First second in which the guardian may stop increases again [s].
    function nextStopFrom() external view returns (uint64);

    /// @notice Who receives protocol fees.
    function protocolFeeReceiver() external view returns (address);

    /// @notice Who holds a role; zero for nobody.
    function holderOf(bytes32 role) external view returns (address);

    /// @notice Who may accept a role; zero for nobody.
    function heirOf(bytes32 role) external view returns (address);

    /// @notice Delays of this market.
    function powers() external view returns (PowerParameters memory);

    /// @notice The funding, depth and borrow curves.
    function curves() external view returns (CurveParameters memory);

    /// @notice The market's contracts.
    function addresses() external view returns (MarketAddresses memory);

    /// @notice The settlement token.
    function collateralToken() external view returns (address);

    /// @notice WAD units in one token unit.
    function tokenScale() external view returns (uint256);

    /// @notice The oracle.
    function oracle() external view returns (address);

    /// @notice Wait after a restart of the sequencer before anything is liquidated [s].
    function sequencerGrace() external view returns (uint64);

    /// @notice Share of position fees that goes to the protocol [WAD].
    function protocolFeeShare() external view returns (uint256);
}
