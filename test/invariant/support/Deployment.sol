// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

import {ILiquidityVault} from "../../../contracts/interfaces/ILiquidityVault.sol";
import {IMandateBook} from "../../../contracts/interfaces/IMandateBook.sol";
import {IMarginVault} from "../../../contracts/interfaces/IMarginVault.sol";
import {IMarketCharter} from "../../../contracts/interfaces/IMarketCharter.sol";
import {IMarketFactory, MarketAddresses} from "../../../contracts/interfaces/IMarketFactory.sol";
import {IOrderBook} from "../../../contracts/interfaces/IOrderBook.sol";
import {
    CurveParameters,
    MarketParameters,
    OrderParameters,
    PoolParameters,
    PowerParameters
} from "../../../contracts/types/MarketParameters.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {RoundOracle} from "../doubles/RoundOracle.sol";
import {RefusingToken} from "../doubles/RefusingToken.sol";
import {vm} from "./Vm.sol";

/// @dev The pool with both standards it speaks.
interface IPool is ILiquidityVault, IERC4626 {}

/// @dev One market and what it stands on.
struct World {
    IMarginVault vault;
    IPool pool;
    IOrderBook book;
    IMarketCharter charter;
    IMandateBook mandates;
    RefusingToken token;
    RoundOracle oracle;
    /// @dev WAD units in one token unit.
    uint256 scale;
    uint256 maxOpenInterest;
    uint256 skewScale;
    uint256 latencySpread;
    uint256 sequencerGrace;
    uint256 protocolFeeShare;
    address protocolFeeReceiver;
    Terms terms;
}

/// @title Deployment
/// @notice Deploys a market of compiled contracts through the factory, as it is deployed on a chain.
abstract contract Deployment {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant START_PRICE = 2000e18;
    address internal constant FIRST_PROVIDER = address(0xF1257);

    /// @dev A market with a pool of `poolToken` whole tokens.
    function _deploy(uint8 decimals, uint256 poolToken) internal returns (World memory world) {
        vm.warp(START);
        world.token = new RefusingToken(decimals);
        world.oracle = new RoundOracle(START_PRICE);
        world.scale = 10 ** (18 - decimals);

        address factory = _create(
            abi.encodePacked(
                vm.getCode("contracts/MarketFactory.sol:MarketFactory"),
                abi.encode(
                    _create(vm.getCode("contracts/factory/MarginVaultCode.sol:MarginVaultCode")),
                    _create(vm.getCode("contracts/factory/LiquidityVaultCode.sol:LiquidityVaultCode")),
                    _create(vm.getCode("contracts/factory/OrderBookCode.sol:OrderBookCode")),
                    _create(vm.getCode("contracts/MarketCharter.sol:MarketCharter")),
                    _create(vm.getCode("contracts/MandateBook.sol:MandateBook"))
                )
            )
        );
        // The factory moves 10,007 units here and back to see that the token moves what it is asked to.
        world.token.mint(address(this), 10_007);
        world.token.approve(factory, 10_007);
        MarketParameters memory parameters = _parameters(address(world.token), address(world.oracle), world.scale);
        (, MarketAddresses memory addresses) = IMarketFactory(factory).createMarket(parameters);
        world.vault = IMarginVault(addresses.marginVault);
        world.pool = IPool(addresses.liquidityVault);
        world.book = IOrderBook(addresses.orderBook);
        world.charter = IMarketCharter(addresses.charter);
        world.mandates = IMandateBook(addresses.mandateBook);
        world.maxOpenInterest = parameters.maxOpenInterest;
        world.skewScale = parameters.curves.skewScale;
        world.latencySpread = parameters.orders.latencySpread;
        world.sequencerGrace = parameters.sequencerGrace;
        world.protocolFeeShare = parameters.protocolFeeShare;
        world.protocolFeeReceiver = parameters.protocolFeeReceiver;
        world.terms = parameters.terms;
        _fundPool(world, poolToken * 10 ** decimals);
    }

    /// @dev The smallest caps and dearest curves that the local markets are meant to run with; see each comment.
    function _parameters(
        address token,
        address oracle,
        uint256 scale
    ) internal view virtual returns (MarketParameters memory parameters) {
        parameters.label = "BASE/TEST";
        parameters.collateralToken = token;
        parameters.oracle = oracle;
        parameters.sequencerGrace = 3600;
        parameters.protocolFeeShare = 0.2e18;
        parameters.protocolFeeReceiver = address(0xFEE5);
        // Just below 20,000,000 × 2 × 0.05% ÷ 1.0005, the most that the bound in code allows.
        parameters.maxOpenInterest = 19_990e18;
        parameters.terms = Terms({
            initialMarginRatio: 0.04e18,
            maintenanceMarginRatio: 0.02e18,
            liquidationFeeRatio: 0.005e18,
            positionFeeRatio: 0.0005e18,
            liquidationTarget: 1.25e18,
            minReserveRatio: 0.1e18,
            liquidationCooldown: 30,
            keeperFeeFloor: 1e18,
            keeperFeeCap: 500e18,
            minMaintenance: 5e18,
            minMargin: 10e18,
            minNotional: 50e18
        });
        parameters.curves = CurveParameters({
            skewScale: 20_000_000e18,
            // Saturates within reach, so that both branches of the clamp are played.
            fundingScale: 5_000e18,
            maxFundingRate: uint256(5e18) / 365 days,
            minBorrowRate: uint256(0.02e18) / 365 days,
            kinkBorrowRate: uint256(0.3e18) / 365 days,
            maxBorrowRate: uint256(3e18) / 365 days,
            kinkUtilization: 0.5e18
        });
        parameters.orders = OrderParameters({
            executionDelay: 2,
            maxRoundWait: 60,
            executionWindow: 60,
            latencySpread: 0.006e18,
            minKeeperFee: 1e18
        });
        parameters.pool = PoolParameters({
            maxUtilization: 0.8e18,
            minNavRatio: 0.1e18,
            depositDelay: 300,
            redeemDelay: 300,
            settleGrace: 60,
            minRequestToken: 100e18 / scale,
            requestFeeToken: 1e18 / scale
        });
        parameters.powers = PowerParameters({
            curator: address(0xC0BA),
            guardian: address(0x60A2),
            changeDelay: 2 days,
            deadOracleDelay: 7 days,
            deadOracleNotice: 1 days
        });
    }

    function _fundPool(World memory world, uint256 amountToken) private {
        world.token.mint(FIRST_PROVIDER, amountToken);
        vm.prank(FIRST_PROVIDER);
        world.token.approve(address(world.pool), type(uint256).max);
        vm.prank(FIRST_PROVIDER);
        world.pool.requestDeposit(amountToken, FIRST_PROVIDER, FIRST_PROVIDER);
        vm.warp(START + 300);
        world.pool.fulfillDeposits(1, "", FIRST_PROVIDER);
        uint256 claimableToken = world.pool.claimableDepositRequest(0, FIRST_PROVIDER);
        vm.prank(FIRST_PROVIDER);
        world.pool.deposit(claimableToken, FIRST_PROVIDER, FIRST_PROVIDER);
    }

    function _create(bytes memory creationCode) private returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(creationCode, 32), mload(creationCode))
        }
        require(created != address(0), "a contract of the market could not be deployed");
    }
}
